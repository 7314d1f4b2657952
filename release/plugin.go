package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
)

// packPlugin writes the plugin of Helm as an archive: its manifest, and the script that
// gets the program and holds it against the checksum that stands in the script. It is
// packed from the pinned files, so it comes after these. Helm 4 installs a file of this name
// alone, as helm plugin package would call it.
func packPlugin(d dist, _ options) error {
	files := newLayer(d.built)
	for _, name := range []string{"plugin.yaml", "plugin.sh", "LICENSE"} {
		path := filepath.Join(d.root, name)
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		mode := int64(0o644)
		if info.Mode()&0o100 != 0 { // the rest of it is the builder's umask
			mode = 0o755
		}
		files.add("berth/"+name, mode, data)
	}
	packed, err := files.packed()
	if err != nil {
		return err
	}
	var zipped bytes.Buffer
	w, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(packed); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	name := "berth-" + d.version + ".tgz"
	if err := os.WriteFile(filepath.Join(d.path, name), zipped.Bytes(), 0o644); err != nil {
		return err
	}
	return d.addChecksums(name)
}
