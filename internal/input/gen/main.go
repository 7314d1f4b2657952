// Command gen writes what is made from the table of inputs: both actions and docs/inputs.md;
// and what depends on a release: the image of GitLab's template and component, and the plugin
// of Helm. Its argument is the repository's root.
//
// Without --release it writes the files of a commit that nothing was built of, which is what
// go generate does. With --release release.json it writes those of the commit that is tagged,
// which name what was built by its digests. See release.go.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	path := flag.String("release", "", "the `release.json` of what was built")
	flag.Parse()
	if flag.NArg() != 1 {
		fail(errors.New("usage: gen [--release release.json] <root of the repository>"))
	}
	var r *release
	if *path != "" {
		var err error
		if r, err = readRelease(*path); err != nil {
			fail(err)
		}
	}
	root := flag.Arg(0)
	all, err := files(root, r)
	if err != nil {
		fail(err)
	}
	for name, text := range all {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			fail(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			fail(err)
		}
	}
}

// files returns the texts by path from the root. Those that are written by hand but for a line
// are read there.
func files(root string, r *release) (map[string]string, error) {
	byHand := func(name string, set func(string, *release) (string, error)) (string, error) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return "", err
		}
		return set(string(text), r)
	}
	pipeline, err := byHand(gitlabFile, gitlabTemplate)
	if err != nil {
		return nil, err
	}
	shared, err := component(pipeline, r)
	if err != nil {
		return nil, err
	}
	manifest, err := byHand(pluginFile, plugin)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"action.yml": action(r), "native/action.yml": native(r), "docs/inputs.md": docs(),
		gitlabFile: pipeline, "templates/berth.yml": shared,
		pluginFile: manifest, "plugin.sh": script("plugin.sh", r),
	}, nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "gen:", err)
	os.Exit(1)
}
