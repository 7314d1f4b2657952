// Command gen writes the schemas of the JSON reports in docs from their types.
// Its argument is the repository's root.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: gen <root of the repository>"))
	}
	for _, d := range documents {
		text, err := schema(os.Args[1], d)
		if err != nil {
			fail(err)
		}
		if err := os.WriteFile(filepath.Join(os.Args[1], d.file), text, 0o644); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "gen:", err)
	os.Exit(1)
}
