package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLicencesIn(t *testing.T) {
	const mit = "Permission is hereby granted, free of charge, to any\n// person obtaining a copy of this software"
	const bsd = "> Redistribution and use in source and binary forms, with or\n> without modification, are permitted"
	for text, want := range map[string]string{
		"                Apache License\n                          Version 2.0, January 2004": "Apache-2.0",
		mit: "MIT",
		bsd: "BSD-2-Clause",
		bsd + "\n * Neither the name of it may be used to\n   endorse or promote products": "BSD-3-Clause",
		mit + bsd: "MIT BSD-2-Clause",
		"Permission to use, copy, modify, and distribute this software for any\npurpose with or without fee is hereby granted, provided that": "ISC",
		"Mozilla Public License, version 2.0\n… the GNU General Public License, Version 2.0 …":                                                "MPL-2.0",
		"GNU GENERAL PUBLIC LICENSE\nVersion 3": "! gnu general public license",
		mit + "under the “Commons Clause”":      "! commons clause",
		"All rights reserved.":                  "",
	} {
		found, bad := licencesIn(text)
		got := strings.Join(found, " ")
		if bad != "" {
			got = "! " + bad
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestClassify(t *testing.T) {
	mit := []byte("Permission is hereby granted, free of charge, to any person obtaining a copy")
	for name, tt := range map[string]struct {
		files map[string][]byte
		fault string
	}{
		"one":            {map[string][]byte{"LICENSE": mit, "NOTICE": []byte("by somebody"), "LICENSE.docs": []byte("CC BY-SA")}, ""},
		"none":           {map[string][]byte{"NOTICE": []byte("by somebody")}, "has no licence"},
		"not known":      {map[string][]byte{"LICENSE": mit, "third_party/LICENSE": []byte("ask us")}, "third_party/LICENSE is of no licence"},
		"does not fit":   {map[string][]byte{"LICENSE": mit, "COPYING": []byte("GNU AFFERO GENERAL PUBLIC LICENSE")}, "gnu affero"},
		"nothing at all": {nil, "has no licence"},
	} {
		m := module{path: "example.com/m", version: "v1.0.0", files: tt.files}
		err := m.classify()
		if (err == nil) != (tt.fault == "") || err != nil && !strings.Contains(err.Error(), tt.fault) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// What was taken from elsewhere has its licence beside it, and it counts.
func TestCollect(t *testing.T) {
	root := t.TempDir()
	for path, text := range map[string]string{
		"LICENSE": "a", "third_party/LICENSE.txt": "b", "third_party/forked/copying": "c", "third_party/forked/license.go": "d", "other/LICENSE": "e",
	} {
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m := module{files: map[string][]byte{}}
	if err := m.collect(root, filepath.Join(root, "third_party", "forked")); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range m.files {
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{"LICENSE", "third_party/LICENSE.txt", "third_party/forked/copying"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func TestSource(t *testing.T) {
	m := module{path: "github.com/BurntSushi/toml", version: "v1.6.0"}
	if got, want := m.source(), "https://proxy.golang.org/github.com/!burnt!sushi/toml/@v/v1.6.0.zip"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
