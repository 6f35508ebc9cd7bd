package main

// The operations that the profile leaves out, so that the linker keeps their symbols.
func clearAll() {
	m := map[string]point{"a": {}}
	clear(m)
	sink += len(m)
	concur.LoadAndDelete(1)
	concur.Swap(1, 1)
	concur.CompareAndDelete(1, 1)
	clearSyncMap(&concur)
	syncStore()
}
