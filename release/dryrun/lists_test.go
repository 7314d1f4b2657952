//go:build dryrun

package dryrun

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"testing"

	"github.com/CycloneDX/cyclonedx-go"
	spdx "github.com/spdx/tools-golang/json"
)

// testLists sees that both lists of contents name every module that the program says it
// was compiled from, Go's own library, and a licence and a source for each.
func (w *world) testLists(t *testing.T) {
	for platform, archive := range w.pins(t).Archives {
		files := w.unpacked(t, archive.Name)
		program := files["berth"]
		if program == nil {
			program = files["berth.exe"]
		}
		info, err := buildinfo.Read(bytes.NewReader(program))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"std": info.GoVersion}
		for _, m := range info.Deps {
			want[m.Path] = m.Version
		}
		for form, got := range map[string]map[string]string{
			"CycloneDX": w.cycloneDX(t, archive.Name), "SPDX": w.spdx(t, archive.Name),
		} {
			for path, v := range want {
				if got[path] != v {
					t.Errorf("%s, %s: %s is %q, the program has %q", platform, form, path, got[path], v)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%s, %s: %d modules, the program has %d", platform, form, len(got), len(want))
			}
		}
		t.Logf("%s: %d modules in both forms", archive.Name, len(want))
	}
}

// cycloneDX reads a list in the form of CycloneDX: versions by path.
func (w *world) cycloneDX(t *testing.T, archive string) map[string]string {
	t.Helper()
	var bom cyclonedx.BOM
	data := read(t, w.path(archive+".cdx.json"))
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(data), cyclonedx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, c := range *bom.Components {
		found[c.Name] = c.Version
		if c.Licenses == nil || (*c.Licenses)[0].Expression == "" || c.ExternalReferences == nil {
			t.Errorf("%s has no licence or source", c.Name)
		}
	}
	if len(*bom.Dependencies) != len(found)+1 {
		t.Errorf("%d modules are listed, and what needs what of %d", len(found), len(*bom.Dependencies)-1)
	}
	return found
}

// spdx reads a list in the form of SPDX.
func (w *world) spdx(t *testing.T, archive string) map[string]string {
	t.Helper()
	data := read(t, w.path(archive+".spdx.json"))
	document, err := spdx.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var raw struct {
		Relationships []struct{ RelationshipType string }
		Packages      []struct{ FilesAnalyzed *bool }
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		t.Fatal(err)
	}
	if raw.Packages[0].FilesAnalyzed == nil || raw.Relationships[0].RelationshipType == "" {
		t.Error("a reader would take it that every file was looked at")
	}
	found := map[string]string{}
	for _, p := range document.Packages[1:] {
		found[p.PackageName] = p.PackageVersion
		if p.PackageLicenseDeclared == "" || p.PackageDownloadLocation == "" {
			t.Errorf("%s has no licence or source", p.PackageName)
		}
	}
	return found
}
