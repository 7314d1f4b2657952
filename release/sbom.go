package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// contents are what a program was compiled from: what the program itself says, as
// go version -m does, with the licence of each and what needs what.
type contents struct {
	name     string // of the archive that the program is in
	checksum string // of that archive, SHA-256 in hexadecimal digits
	version  string
	built    time.Time
	modules  []module // Go's own library first
	needs    map[string][]string
}

// module is one that the program was compiled from.
type module struct{ path, version, licence, source string }

// purl is the module's address as lists of contents have it.
func (m module) purl() string { return "pkg:golang/" + m.path + "@" + m.version }

// Endings of the lists' files, after the archive's name.
const (
	cycloneDXFile = ".cdx.json"
	spdxFile      = ".spdx.json"
)

// writeLists writes a list of contents, in both forms, beside each archive.
func writeLists(d dist, _ options) error {
	licences, err := d.licences()
	if err != nil {
		return err
	}
	needs, err := d.moduleGraph()
	if err != nil {
		return err
	}
	var written []string
	for platform, archive := range d.archives {
		c := contents{name: archive.Name, version: d.version, built: d.built, needs: needs,
			checksum: strings.TrimPrefix(archive.Extra.Checksum, "sha256:")}
		if c.modules, err = modulesOf(d.programs[platform].Path, licences); err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
		var cdx bytes.Buffer
		encoder := cyclonedx.NewBOMEncoder(&cdx, cyclonedx.BOMFileFormatJSON).SetPretty(true)
		if err := encoder.EncodeVersion(c.cycloneDX(), cyclonedx.SpecVersion1_6); err != nil {
			return err
		}
		spdx, err := json.MarshalIndent(c.spdx(), "", " ")
		if err != nil {
			return err
		}
		for ending, data := range map[string][]byte{cycloneDXFile: cdx.Bytes(), spdxFile: append(spdx, '\n')} {
			if err := os.WriteFile(filepath.Join(d.path, archive.Name+ending), data, 0o644); err != nil {
				return err
			}
			written = append(written, archive.Name+ending)
		}
	}
	return d.addChecksums(written...)
}

// modulesOf reads from a program what it was compiled from.
func modulesOf(program string, licences map[string]module) ([]module, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, err
	}
	modules := []module{{path: "std", version: info.GoVersion}}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		modules = append(modules, module{path: m.Path, version: m.Version})
	}
	for i, m := range modules {
		known, found := licences[m.path]
		if !found || known.version != m.version {
			return nil, fmt.Errorf("bin/licenses knows nothing of %s %s, which is in %s: run make licenses", m.path, m.version, program)
		}
		modules[i] = known
	}
	return modules, nil
}

// licenceRow matches a row of the index of the licences.
var licenceRow = regexp.MustCompile(`(?m)^\| (\S+) \| (\S+) \| ([^|]+) \| (\S+) \|$`)

// licences reads the index of the licences that were collected for the archives.
func (d dist) licences() (map[string]module, error) {
	index, err := os.ReadFile(filepath.Join(d.root, "bin/licenses/README.md"))
	if err != nil {
		return nil, err
	}
	found := map[string]module{}
	for _, row := range licenceRow.FindAllStringSubmatch(string(index), -1) {
		found[row[1]] = module{row[1], row[2], row[3], row[4]}
	}
	return found, nil
}

// moduleGraph returns what each module says that it needs, by path. Which versions these
// are is decided once for all of the program.
func (d dist) moduleGraph() (map[string][]string, error) {
	graph := exec.Command("go", "mod", "graph")
	graph.Dir, graph.Stderr = d.root, os.Stderr
	out, err := graph.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", graph, err)
	}
	needs := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " ")
		from, _, _ = strings.Cut(from, "@")
		to, _, _ = strings.Cut(to, "@")
		if !slices.Contains(needs[from], to) {
			needs[from] = append(needs[from], to)
		}
	}
	return needs, nil
}

// edges calls a function for each module that is compiled in with those that it needs.
func (c contents) edges(each func(m module, needs []module)) {
	for _, m := range c.modules {
		var needs []module
		for _, other := range c.modules {
			if slices.Contains(c.needs[m.path], other.path) {
				needs = append(needs, other)
			}
		}
		each(m, needs)
	}
}

// cycloneDX returns the list in the form of CycloneDX.
func (c contents) cycloneDX() *cyclonedx.BOM {
	own := "pkg:golang/github.com/berth-dev/berth@v" + c.version
	components, all := []cyclonedx.Component{}, []string{}
	dependencies := []cyclonedx.Dependency{{Ref: own, Dependencies: &all}}
	for _, m := range c.modules {
		all = append(all, m.purl())
		components = append(components, cyclonedx.Component{
			BOMRef: m.purl(), Type: cyclonedx.ComponentTypeLibrary, Name: m.path, Version: m.version, PackageURL: m.purl(),
			Licenses: &cyclonedx.Licenses{{Expression: m.licence}},
			ExternalReferences: &[]cyclonedx.ExternalReference{
				{Type: cyclonedx.ERTypeDistribution, URL: m.source}},
		})
	}
	c.edges(func(m module, needs []module) {
		refs := []string{}
		for _, n := range needs {
			refs = append(refs, n.purl())
		}
		dependencies = append(dependencies, cyclonedx.Dependency{Ref: m.purl(), Dependencies: &refs})
	})
	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: c.built.Format(time.RFC3339),
		Component: &cyclonedx.Component{
			BOMRef: own, Type: cyclonedx.ComponentTypeApplication, Name: "berth", Version: c.version, PackageURL: own,
			Hashes:   &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: c.checksum}},
			Licenses: &cyclonedx.Licenses{{Expression: "Apache-2.0"}},
		},
	}
	bom.Components, bom.Dependencies = &components, &dependencies
	return bom
}

// spdx returns the list in the form of SPDX.
func (c contents) spdx() *spdx.Document {
	document := &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT", DocumentName: c.name,
		// A name for the document that no other has: it is that of what it is about.
		DocumentNamespace: repository + "/releases/download/v" + c.version + "/" + c.name + spdxFile + "#" + c.checksum,
		CreationInfo: &spdx.CreationInfo{
			Creators: []common.Creator{{CreatorType: "Organization", Creator: title}}, Created: c.built.Format(time.RFC3339)},
	}
	own := module{"github.com/berth-dev/berth", "v" + c.version, "Apache-2.0",
		repository + "/releases/download/v" + c.version + "/" + c.name}
	for i, m := range append([]module{own}, c.modules...) {
		purpose, checksums := "LIBRARY", []common.Checksum(nil)
		if i == 0 {
			purpose, checksums = "APPLICATION", []common.Checksum{{Algorithm: common.SHA256, Value: c.checksum}}
		}
		document.Packages = append(document.Packages, &spdx.Package{
			PackageName: m.path, PackageSPDXIdentifier: m.id(), PackageVersion: m.version,
			PackageDownloadLocation: m.source, IsFilesAnalyzedTagPresent: true, PackageChecksums: checksums,
			PackageLicenseConcluded: m.licence, PackageLicenseDeclared: m.licence, PackageCopyrightText: "NOASSERTION",
			PrimaryPackagePurpose: purpose, PackageExternalReferences: []*spdx.PackageExternalReference{
				{Category: "PACKAGE-MANAGER", RefType: "purl", Locator: m.purl()}},
		})
		if i > 0 {
			document.Relationships = append(document.Relationships, relationship(own.id(), "DEPENDS_ON", m.id()))
		}
	}
	document.Relationships = append(document.Relationships, relationship("DOCUMENT", "DESCRIBES", own.id()))
	c.edges(func(m module, needs []module) {
		for _, n := range needs {
			document.Relationships = append(document.Relationships, relationship(m.id(), "DEPENDS_ON", n.id()))
		}
	})
	return document
}

// notOfID matches what may not be part of an identifier of SPDX.
var notOfID = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

func (m module) id() common.ElementID {
	return common.ElementID("Module-" + notOfID.ReplaceAllString(m.path, "-"))
}

func relationship(from common.ElementID, kind string, to common.ElementID) *spdx.Relationship {
	return &spdx.Relationship{
		RefA: common.DocElementID{ElementRefID: from}, Relationship: kind, RefB: common.DocElementID{ElementRefID: to}}
}
