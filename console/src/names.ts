// Names of Go functions, as profiles and goroutine dumps print them.

/** "encoding/json" of "encoding/json.(*Decoder).Decode"; "" where the name holds no package. */
export function packageOf(name: string): string {
  const bare = name.replace(/\[.*/s, "").replace(/\(.*/s, "");
  const slash = bare.lastIndexOf("/");
  const dot = bare.indexOf(".", slash + 1);
  return dot < 0 ? "" : bare.slice(0, dot);
}

/** Whether a package is of the standard library: its first element has no dot, and it is not main. */
export function isStandard(name: string): boolean {
  return name !== "main" && !(name.split("/")[0] ?? "").includes(".");
}

/** Whether a function is the program's own or of a module it uses; what belongs to no package is not. */
export function isProgram(name: string): boolean {
  const owner = packageOf(name);
  return owner !== "" && !isStandard(owner);
}
