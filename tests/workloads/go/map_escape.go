package main

// Fault: a price cache stores a pointer to a fresh struct for every quote. Each value escapes to the heap because
// the map keeps it; with values in the map, or updated in place, nothing would be allocated.
func init() { register("map-escape", runMapEscape) }

type quote struct {
	bid, ask, last int64
	volume         [9]int64
}

type quoteBook struct{ quotes map[int]*quote }

func (b *quoteBook) update(symbol int, price int64) {
	b.quotes[symbol] = &quote{bid: price - 1, ask: price + 1, last: price} // edp:culprit GO-MAP-VALUE-ESCAPE
}

func runMapEscape() {
	const symbols = 20000
	book := quoteBook{quotes: make(map[int]*quote, symbols)}
	for symbol := 0; symbol < symbols; symbol++ {
		book.update(symbol, 100)
	}
	next := 0
	spend(0.6, func() {
		for i := 0; i < 100; i++ {
			next++
			book.update(next%symbols, checksum(next))
		}
	})
}
