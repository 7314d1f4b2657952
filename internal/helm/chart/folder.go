package chart

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/ignore"
)

// folder reads the files that Helm would package of a chart's folder: it follows links
// and obeys .helmignore. What Helm's own loader takes and this one does not: links that
// lead out of the folder, with which a branch's chart brings a file of the machine into
// a ConfigMap; links in a circle; git's own files, in which a checkout keeps the token that it
// was made with, whatever .helmignore says; and more than the bounds allow.
type folder struct {
	strict bool // git's own files are refused, and not left out
	ctx    context.Context
	top    string // without links
	rules  *ignore.Rules
	left   *allowance
	files  []*loader.BufferedFile
}

// gitFolder is where git keeps what is its own.
const gitFolder = ".git"

// readFolder reads a chart's folder.
func readFolder(ctx context.Context, dir string) ([]*loader.BufferedFile, error) {
	return read(ctx, dir, false)
}

// read reads a chart's folder. Where it is strict, git's own files have to be ignored there.
func read(ctx context.Context, dir string, strict bool) ([]*loader.BufferedFile, error) {
	top, err := filepath.EvalSymlinks(dir)
	if err == nil {
		top, err = filepath.Abs(top)
	}
	if err != nil {
		return nil, err
	}
	f := &folder{strict: strict, ctx: ctx, top: top, rules: ignore.Empty(), left: newAllowance()}
	if err := f.readIgnored(); err != nil {
		return nil, err
	}
	if err := f.walk("", top, []string{top}); err != nil {
		return nil, err
	}
	if err := checkNested(f.files, f.left, 1); err != nil {
		return nil, err
	}
	return f.files, nil
}

// readIgnored reads .helmignore where there is one.
func (f *folder) readIgnored() error {
	at := filepath.Join(f.top, ignore.HelmIgnore)
	if _, err := os.Lstat(at); errors.Is(err, fs.ErrNotExist) {
		f.rules.AddDefaults()
		return nil
	}
	target, info, err := f.resolve(ignore.HelmIgnore, at)
	if err != nil {
		return err
	}
	data, err := readRegular(ignore.HelmIgnore, target, info)
	if err != nil {
		return err
	}
	if f.rules, err = ignore.Parse(bytes.NewReader(data)); err != nil {
		return fmt.Errorf("%s: %w", ignore.HelmIgnore, err)
	}
	f.rules.AddDefaults()
	return nil
}

// walk reads what is in a folder: name is its path as the chart sees it, at where it
// is, and within the folders that it is in, itself the last, all without links.
func (f *folder) walk(name, at string, within []string) error {
	entries, err := os.ReadDir(at)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if f.ctx.Err() != nil {
			return context.Cause(f.ctx)
		}
		if err := f.read(path.Join(name, e.Name()), filepath.Join(at, e.Name()), within); err != nil {
			return err
		}
	}
	return nil
}

// read reads a file, or what is in a folder.
func (f *folder) read(name, at string, within []string) error {
	// What is ignored may be anything: a socket, a link to wherever or to nothing.
	info, err := os.Stat(at)
	if err != nil {
		info, err = os.Lstat(at)
	}
	switch {
	case err == nil && f.rules.Ignore(name, info), path.Base(name) == gitFolder && !f.strict:
		return nil
	case path.Base(name) == gitFolder:
		return fmt.Errorf("%s is git's own, and none of a chart's; name it in .helmignore", name)
	}
	if at, info, err = f.resolve(name, at); err != nil {
		return err
	}
	if info.IsDir() {
		if slices.Contains(within, at) {
			return fmt.Errorf("the link %s leads to a folder that it is in itself", name)
		}
		if err := f.left.take(0); err != nil {
			return err
		}
		return f.walk(name, at, append(slices.Clone(within), at))
	}
	data, err := readRegular(name, at, info)
	if err != nil {
		return err
	}
	if err := f.left.take(int64(len(data))); err != nil {
		return err
	}
	f.files = append(f.files, &loader.BufferedFile{Name: name, Data: data})
	return nil
}

// resolve returns where something of the chart is, without links. That has to be in
// the chart's folder.
func (f *folder) resolve(name, at string) (string, fs.FileInfo, error) {
	target, err := filepath.EvalSymlinks(at)
	if err != nil {
		return "", nil, err
	}
	if !isWithin(f.top, target) {
		return "", nil, fmt.Errorf("the link %s leads out of the chart's folder", name)
	}
	if isGits(f.top, target) {
		return "", nil, fmt.Errorf("the link %s leads to git's own files", name)
	}
	info, err := os.Lstat(target)
	return target, info, err
}

// isGits reports whether a path below root is one of git's own files.
func isGits(root, target string) bool {
	below, err := filepath.Rel(root, target)
	return err == nil && slices.Contains(strings.Split(below, string(filepath.Separator)), gitFolder)
}

// utf8BOM is what Helm's loader takes off a file's beginning, too.
var utf8BOM = []byte{0xEF, 0xBB, 0xBF}

// readRegular reads a file of a chart, and nothing else than a file: who opens a FIFO
// may wait for ever.
func readRegular(name, at string, info fs.FileInfo) ([]byte, error) {
	irregular := func(mode fs.FileMode) error {
		return fmt.Errorf("%s is no file but %s", name, kindOf(mode))
	}
	if !info.Mode().IsRegular() {
		return nil, irregular(info.Mode())
	}
	file, err := os.OpenFile(at, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err = file.Stat(); err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // it was exchanged meanwhile
		return nil, irregular(info.Mode())
	}
	data, err := readAll(file, name, maxChartFile)
	return bytes.TrimPrefix(data, utf8BOM), err
}

// kindOf says what is no file.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "of a kind of its own"
}
