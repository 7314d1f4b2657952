package chart

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-dev/berth/internal/problem"
)

// link makes a link in a chart's folder.
func link(t *testing.T, target, folder, name string) {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

func TestLinksWithinAChart(t *testing.T) {
	folder := chartFolder(t, "", "web", "1.0.0")
	write(t, folder, map[string]string{
		"files/motd": "\xef\xbb\xbfahoy", ".helmignore": "ignored/\n*.sock\n", "ignored/x": "x", "shared/a.txt": "a", "templates/.hidden": "x",
	})
	link(t, "../files/motd", folder, "files/link")
	link(t, "../shared", folder, "files/more")
	link(t, "/etc/hostname", folder, "ignored/outside")
	link(t, "nowhere", folder, "broken.sock")
	socket, err := net.Listen("unix", filepath.Join(folder, "a.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	through := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(folder, through); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{folder, through} {
		files, err := readFolder(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, f := range files {
			got[f.Name] = string(f.Data)
		}
		delete(got, "Chart.yaml")
		delete(got, "values.yaml")
		delete(got, "templates/cm.yaml")
		want := map[string]string{
			".helmignore": "ignored/\n*.sock\n", "files/motd": "ahoy", "files/link": "ahoy", "files/more/a.txt": "a", "shared/a.txt": "a",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestFoldersThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(t *testing.T, folder string)
		says   []string
	}{
		"a link to a file outside": {func(t *testing.T, folder string) { link(t, "/etc/hostname", folder, "files/host") },
			[]string{"files/host", "leads out of the chart's folder"}},
		"a link to a folder outside": {func(t *testing.T, folder string) { link(t, t.TempDir(), folder, "templates/more") },
			[]string{"templates/more", "leads out"}},
		"a link to what only begins alike": {func(t *testing.T, folder string) {
			write(t, folder+"-secret", map[string]string{"key": "x"})
			link(t, folder+"-secret/key", folder, "files/key")
		}, []string{"files/key", "leads out"}},
		"links one after the other": {func(t *testing.T, folder string) {
			link(t, "/etc/hostname", t.TempDir(), "x")
			link(t, "two", folder, "one")
			link(t, "/etc/hostname", folder, "two")
		}, []string{"one", "leads out"}},
		"the ignore file": {func(t *testing.T, folder string) { link(t, "/etc/hostname", folder, ".helmignore") },
			[]string{".helmignore", "leads out"}},
		"a circle":    {func(t *testing.T, folder string) { link(t, ".", folder, "files/again") }, []string{"files/again", "in itself"}},
		"the top":     {func(t *testing.T, folder string) { link(t, "..", folder, "files/up") }, []string{"files/up", "in itself"}},
		"to itself":   {func(t *testing.T, folder string) { link(t, "self", folder, "self") }, []string{"too many links"}},
		"a dead link": {func(t *testing.T, folder string) { link(t, "nowhere", folder, "dead") }, []string{"no such file"}},
		"a FIFO": {func(t *testing.T, folder string) {
			fifo(t, filepath.Join(folder, "templates/pipe"))
		}, []string{"templates/pipe", "a FIFO"}},
		"ignored FIFO": {func(t *testing.T, folder string) { fifo(t, filepath.Join(folder, ".helmignore")) }, []string{".helmignore", "a FIFO"}},
		"a socket": {func(t *testing.T, folder string) {
			socket, err := net.Listen("unix", filepath.Join(folder, "s"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { socket.Close() })
		}, []string{"s is no file", "a socket"}},
		"many more than seem to be there": {func(t *testing.T, folder string) {
			for i := range 20 { // 2 to the power of 20
				for _, name := range []string{"a", "b"} {
					link(t, fmt.Sprintf("../d%d", i+1), folder, fmt.Sprintf("d%d/%s", i, name))
				}
			}
			write(t, folder, map[string]string{"d20/file": ""})
		}, []string{"more than 10000 files"}},
		"a large file": {func(t *testing.T, folder string) {
			if err := os.WriteFile(filepath.Join(folder, "big"), make([]byte, maxChartFile+1), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"big", "5 MiB"}},
		"a dependency's link": {func(t *testing.T, folder string) {
			write(t, folder, map[string]string{
				"Chart.yaml": metadata("web", "1.0.0", "dependencies:", dependency("lib", "1.0.0", "file://../lib")),
			})
			link(t, "/etc/hostname", chartFolder(t, filepath.Join(folder, "../lib"), "lib", "1.0.0"), "templates/_x.tpl")
		}, []string{"the dependency lib", "templates/_x.tpl", "leads out"}},
		"a dependency behind a link": {func(t *testing.T, folder string) {
			write(t, folder, map[string]string{
				"Chart.yaml": metadata("web", "1.0.0", "dependencies:", dependency("lib", "1.0.0", "file://../lib")),
			})
			link(t, chartFolder(t, filepath.Join(t.TempDir(), "lib"), "lib", "1.0.0"), filepath.Dir(folder), "lib")
		}, []string{"the dependency lib", "links lead from ../lib out of"}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := chartFolder(t, filepath.Join(t.TempDir(), "c"), "web", "1.0.0")
			c.change(t, folder)
			_, err := Fetch(t.Context(), Source{Chart: folder, CacheDir: t.TempDir()})
			wantProblem(t, err, problem.ChartInvalid, c.says...)
		})
	}
}

func fifo(t *testing.T, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A link in what Helm does not read is nobody's business.
func TestChartAtTheRootOfACheckout(t *testing.T) {
	folder := chartFolder(t, "", "web", "1.0.0")
	write(t, folder, map[string]string{".helmignore": ".git/\nnode_modules/\n", ".git/HEAD": "x"})
	link(t, "/etc/hostname", folder, "node_modules/.bin/tool")
	a, err := Fetch(t.Context(), Source{Chart: folder, CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.files {
		if strings.HasPrefix(f.Name, ".git/") || strings.HasPrefix(f.Name, "node_modules") {
			t.Errorf("%s was read", f.Name)
		}
	}
}

// A dependency's path from / is written by whoever may change the chart, as a link is.
func TestWayFromRoot(t *testing.T) {
	checkout, outside := t.TempDir(), t.TempDir()
	folder, inside := filepath.Join(checkout, "chart"), filepath.Join(checkout, "common")
	for _, dir := range []string{filepath.Join(checkout, ".git"), folder, inside} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := checkWay(folder, inside); err != nil {
		t.Error(err)
	}
	if err := checkWay(folder, outside); err == nil || !strings.Contains(err.Error(), "is not in") {
		t.Error(err)
	}
}

// So is one that goes up, but where several repositories are checked out side by side.
func TestWayUp(t *testing.T) {
	above := t.TempDir()
	folder := filepath.Join(above, "work/a/chart")
	for _, dir := range []string{"work/a/.git", "work/a/chart", "work/a/common", "work/b/common", "other/common"} {
		if err := os.MkdirAll(filepath.Join(above, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	const toNeighbour, outside = "../../b/common", "../../../other/common"
	for path, refused := range map[string]bool{"../common": false, toNeighbour: true, outside: true} {
		if err := checkWay(folder, path); (err != nil) != refused || refused && !strings.Contains(err.Error(), "leads out of") {
			t.Errorf("%s: %v", path, err)
		}
	}
	t.Chdir(filepath.Join(above, "work"))
	if err := checkWay(folder, toNeighbour); err != nil {
		t.Error(err)
	}
	if err := checkWay(folder, outside); err == nil {
		t.Error("it led out of the working directory")
	}
	if err := os.Remove(filepath.Join(above, "work/a/.git")); err != nil {
		t.Fatal(err)
	}
	if err := checkWay(folder, outside); err != nil {
		t.Error("in no checkout: ", err)
	}
}

// In git's own files there is the token that the checkout was made with: none of them is a
// chart's, whatever its .helmignore says.
func TestNothingOfGitIsRead(t *testing.T) {
	root := t.TempDir()
	folder := filepath.Join(root, "chart")
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, chart := range []string{"", "chart/"} {
		write(chart+"Chart.yaml", "apiVersion: v2\nname: app\nversion: 0.1.0\n")
		write(chart+".helmignore", "*.md\n")
		write(chart+"files/x/.git/config", "token")
	}
	write(".git/config", "token")
	files, err := readFolder(t.Context(), root)
	for _, f := range files {
		if err != nil || strings.Contains(f.Name, ".git/") {
			t.Errorf("%s was read: %v", f.Name, err)
		}
	}
	if err := checkNeighbour(t.Context(), folder, "..", root); err == nil || !strings.Contains(err.Error(), "git's own") {
		t.Errorf("a dependency with git's files: %v", err)
	}
	if err := os.Symlink("../.git/config", filepath.Join(root, "files/app.conf")); err != nil {
		t.Fatal(err)
	}
	if _, err := readFolder(t.Context(), root); err == nil || !strings.Contains(err.Error(), "leads to git's own files") {
		t.Errorf("a link to git's files: %v", err)
	}
	t.Chdir(root)
	if err := CheckLinks("files/app.conf"); err == nil || !strings.Contains(err.Error(), "git's own") {
		t.Errorf("a link to git's files, for set-file: %v", err)
	}
	if err := CheckLinks(".git/config"); err != nil {
		t.Errorf("who writes it means it: %v", err)
	}
}
