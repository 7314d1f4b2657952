// Command gen collects the licences of everything that is compiled into the program
// of the folder it runs in: those of Go and of every module that a package of it is
// from. It fails where one is not known to fit the Apache License 2.0. Its argument is
// the folder to write them into, with an index that says where each module's source
// is, as the Mozilla Public License asks; without one it only checks.
package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) > 2 {
		fail(errors.New("usage: gen [folder]"))
	}
	modules, err := compiledIn(".")
	if err != nil {
		fail(err)
	}
	var errs []error
	for i := range modules {
		errs = append(errs, modules[i].classify())
	}
	if err := errors.Join(errs...); err != nil {
		fail(err)
	}
	if len(os.Args) == 2 {
		if err := write(os.Args[1], modules); err != nil {
			fail(err)
		}
	}
	fmt.Printf("%d modules: %s\n", len(modules), summary(modules))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "licenses:", err)
	os.Exit(1)
}

// summary counts the modules by licence.
func summary(modules []module) string {
	count := map[string]int{}
	for _, m := range modules {
		count[m.expression()]++
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(count)) {
		parts = append(parts, fmt.Sprintf("%d %s", count[name], name))
	}
	return strings.Join(parts, ", ")
}

const indexHead = `# Licences of what Berth is made of

Berth itself is under the Apache License 2.0. Compiled into it are the modules below,
unchanged, each under its own licence, whose text is in the folder of its name. The
source of each is at the address behind it.

| module | version | licence | source |
|---|---|---|---|
`

// write writes the files of all modules, and the index.
func write(dir string, modules []module) error {
	var index strings.Builder
	index.WriteString(indexHead)
	for _, m := range modules {
		fmt.Fprintf(&index, "| %s | %s | %s | %s |\n", m.path, m.version, m.expression(), m.source())
		for _, name := range slices.Sorted(maps.Keys(m.files)) {
			path := filepath.Join(dir, filepath.FromSlash(m.path), filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(path, m.files[name], 0o644); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(filepath.Join(dir, "README.md"), []byte(index.String()), 0o644)
}
