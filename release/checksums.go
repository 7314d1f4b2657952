package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// addChecksums lists further files in checksums.txt, which is what is signed, so that the
// one signature is for all. A release has no folders: a file is listed without its own.
func (d dist) addChecksums(names ...string) error {
	path := filepath.Join(d.path, "checksums.txt")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := slices.DeleteFunc(strings.Split(string(text), "\n"), func(line string) bool {
		return listed(line) == "" || slices.ContainsFunc(names, func(name string) bool {
			return filepath.Base(name) == listed(line)
		})
	})
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(d.path, name))
		if err != nil {
			return err
		}
		lines = append(lines, fmt.Sprintf("%x  %s", sha256.Sum256(data), filepath.Base(name)))
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(listed(a), listed(b)) })
	return os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}

// listed is the file that a line of checksums.txt is about.
func listed(line string) string {
	_, name, _ := strings.Cut(line, "  ")
	return name
}
