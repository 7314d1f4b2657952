package kube

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// home returns the kubeconfig that kubectl falls back to.
func (o Options) home() string { return filepath.Join(o.Getenv("HOME"), ".kube", "config") }

// expand replaces ~/ at the beginning of a path, as a shell does.
func (o Options) expand(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return filepath.Join(o.Getenv("HOME"), rest)
	}
	return path
}

// exists reports whether there is a file or folder.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// existing returns the files of a path list that exist. Like kubectl it skips the
// others.
func (o Options) existing(list string) []string {
	if strings.ContainsAny(strings.TrimSpace(list), "\n{") {
		return nil
	}
	var files []string
	for _, path := range filepath.SplitList(strings.TrimSpace(list)) {
		path = o.expand(path)
		if info, err := os.Stat(path); err == nil && !info.IsDir() && !slices.Contains(files, path) {
			files = append(files, path)
		}
	}
	return files
}

// looksLikePath reports whether a value may be shown as the name of a missing
// file. Base64 and YAML may not: they can hold secrets.
func looksLikePath(value string) bool {
	value = strings.TrimSpace(value)
	if len(value) > 400 || strings.ContainsAny(value, " \t\r\n{}\"") {
		return false
	}
	for _, prefix := range []string{"/", "./", "../", "~/"} {
		if strings.HasPrefix(value, prefix) {
			return true
		}
	}
	switch filepath.Ext(value) {
	case ".yaml", ".yml", ".json", ".conf", ".config", ".kubeconfig":
		return true
	}
	return false
}

// decodeBase64 decodes base64 with or without padding and line breaks, which
// base64 and CI variables add.
func decodeBase64(s string) ([]byte, error) {
	s = strings.Join(strings.Fields(s), "")
	if decoded, err := base64.StdEncoding.DecodeString(s); err == nil {
		return decoded, nil
	}
	return base64.RawStdEncoding.DecodeString(s)
}
