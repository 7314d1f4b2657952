package fleet

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The tables of docs/fleet.md have each reason and each hold in its order, in the same words.
func TestTheDocumentationIsWhole(t *testing.T) {
	data, err := os.ReadFile("../../docs/fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	reasons, holds := "| reason | when |\n|---|---|\n", "| hold | when |\n|---|---|\n"
	for _, r := range Reasons {
		reasons += fmt.Sprintf("| `%s` | %s |\n", r, r.Doc())
	}
	for _, h := range Holds {
		holds += fmt.Sprintf("| `%s` | %s |\n", h, h.Doc())
	}
	for _, table := range []string{reasons, holds} {
		if !strings.Contains(string(data), table+"\n") {
			t.Errorf("docs/fleet.md does not have this table:\n%s", table)
		}
	}
}
