// Command gen writes docs/report.schema.json from the types of the JSON report.
// Its argument is the repository's root.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// file is what is generated, from the repository's root.
const file = "docs/report.schema.json"

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: gen <root of the repository>"))
	}
	text, err := schema(os.Args[1])
	if err != nil {
		fail(err)
	}
	if err := os.WriteFile(filepath.Join(os.Args[1], file), text, 0o644); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "gen:", err)
	os.Exit(1)
}
