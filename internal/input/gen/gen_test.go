package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestGeneratedFilesAreInSync(t *testing.T) {
	for name, text := range files {
		got, err := os.ReadFile(filepath.Join("../../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != text() {
			t.Errorf("%s is not what the table of inputs says: run go generate ./internal/input", name)
		}
	}
}
