package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// module is one module of which something is compiled in, or Go itself.
type module struct {
	path, version string
	files         map[string][]byte   // by path from its root: licences, and what belongs to them
	licences      map[string][]string // the licences that each licence's text is of
}

// standard is the name under which Go's own library is listed.
const standard = "std"

// licenceFile matches the names of licences, and of what has to be handed on with
// them.
var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|copyright)([-._].*)?$`)

// systems are those that the program is released for. It has modules on Windows that it
// has nowhere else.
var systems = []string{"linux", "darwin", "windows"}

// compiledIn returns the modules that the program in a folder is compiled from on any
// system, by path, Go first.
func compiledIn(dir string) ([]module, error) {
	var out []byte
	for _, system := range systems {
		list := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,Standard,Module", ".")
		list.Dir, list.Stderr, list.Env = dir, os.Stderr, append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
		listed, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("%s for %s: %w", list, system, err)
		}
		out = append(out, listed...)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	version, err := exec.Command("go", "env", "GOVERSION").Output()
	if err != nil {
		return nil, err
	}
	goroot := module{path: standard, version: strings.TrimSpace(string(version)), files: map[string][]byte{}}
	if err := goroot.collect(strings.TrimSpace(string(root)), strings.TrimSpace(string(root))); err != nil {
		return nil, err
	}
	modules, err := modulesOf(out)
	return append([]module{goroot}, modules...), err
}

// modulesOf returns the modules of the packages that go list wrote. Those of the
// program itself are left out.
func modulesOf(listed []byte) ([]module, error) {
	found := map[string]*module{}
	for decoder := json.NewDecoder(strings.NewReader(string(listed))); ; {
		var p struct {
			ImportPath, Dir string
			Standard        bool
			Module          *struct {
				Path, Version, Dir string
				Main               bool
				Replace            *struct{ Path, Version, Dir string }
			}
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if p.Standard || p.Module == nil || p.Module.Main {
			continue
		}
		m := p.Module
		if m.Replace != nil {
			m.Path, m.Version, m.Dir = m.Replace.Path, m.Replace.Version, m.Replace.Dir
		}
		if found[m.Path] == nil {
			found[m.Path] = &module{path: m.Path, version: m.Version, files: map[string][]byte{}}
		}
		if err := found[m.Path].collect(m.Dir, p.Dir); err != nil {
			return nil, err
		}
	}
	var all []module
	for _, path := range slices.Sorted(maps.Keys(found)) {
		all = append(all, *found[path])
	}
	return all, nil
}

// collect reads the licences in a package's folder and in those above it, up to the
// module's root: code that was taken from elsewhere has its own beside it.
func (m *module) collect(root, dir string) error {
	for {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if !e.Type().IsRegular() || !licenceFile.MatchString(e.Name()) || filepath.Ext(e.Name()) == ".go" {
				continue
			}
			path := filepath.Join(dir, e.Name())
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			if m.files[filepath.ToSlash(name)], err = os.ReadFile(path); err != nil {
				return err
			}
		}
		if dir == root || !strings.HasPrefix(dir, root) {
			return nil
		}
		dir = filepath.Dir(dir)
	}
}

// source returns where the module's source can be had.
func (m *module) source() string {
	if m.path == standard {
		return "https://go.dev/dl/" + m.version + ".src.tar.gz"
	}
	return "https://proxy.golang.org/" + escaped(m.path) + "/@v/" + escaped(m.version) + ".zip"
}

// escaped returns a module's path or version as the proxy spells it: !x for X.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
