// Command gen generates action.yml and docs/inputs.md from the table of inputs. Its
// argument is the repository's root.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// files are the generated texts, by path from the root.
var files = map[string]func() string{
	"action.yml":     action,
	"docs/inputs.md": docs,
}

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: gen <root of the repository>"))
	}
	for name, text := range files {
		path := filepath.Join(os.Args[1], name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			fail(err)
		}
		if err := os.WriteFile(path, []byte(text()), 0o644); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "gen:", err)
	os.Exit(1)
}
