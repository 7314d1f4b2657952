package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSchemaIsInSync(t *testing.T) {
	root := "../../.."
	for _, d := range documents {
		want, err := schema(root, d)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(root, d.file))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is not what the types say: run go generate ./internal/report (-want +got):\n%s", d.file, diff)
		}
	}
}
