package main

import (
	"os"
	"testing"
)

func TestGeneratedFileIsInSync(t *testing.T) {
	got, err := os.ReadFile("../../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != events() {
		t.Error("docs/events.md is not what auto does: run go generate ./internal/ci")
	}
}
