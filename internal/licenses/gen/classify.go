package main

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// fits are the licences that code under the Apache License 2.0 may be handed on
// together with, by a phrase that only they have. The Mozilla Public License binds
// the files that are under it, and asks that their source can be had.
var fits = []struct {
	name    string
	has     []string
	without string
}{
	{"Apache-2.0", []string{"apache license", "version 2.0"}, ""},
	{"MIT", []string{"permission is hereby granted, free of charge, to any person obtaining a copy"}, ""},
	{"BSD-3-Clause", []string{"redistribution and use in source and binary forms", "endorse or promote products"}, ""},
	{"BSD-2-Clause", []string{"redistribution and use in source and binary forms"}, "endorse or promote products"},
	{"ISC", []string{"permission to use, copy, modify,", "distribute this software for any purpose with or without fee is hereby granted, provided"}, ""},
	{"MPL-2.0", []string{"mozilla public license", "version 2.0"}, ""},
	{"0BSD", []string{"distribute this software for any purpose with or without fee is hereby granted. the software is provided"}, ""},
	{"CC0-1.0", []string{"cc0 1.0 universal"}, ""},
	{"Unlicense", []string{"free and unencumbered software released into the public domain"}, ""},
}

// strict are licences of which nothing may be compiled in. The Mozilla Public License
// names the first as one that others may choose.
var strict = []string{"gnu general public license", "gnu lesser general public license", "gnu affero", "server side public license",
	"business source license", "commons clause", "elastic license"}

// onlyDocs matches the names of licences of a project's documentation, which is not
// compiled in.
var onlyDocs = regexp.MustCompile(`(?i)\.docs$`)

// classify finds the licences of the module's files, and returns an error where one
// does not fit, is not known, or where there is none.
func (m *module) classify() error {
	m.licences = map[string][]string{}
	for name, text := range m.files {
		if onlyDocs.MatchString(name) {
			continue
		}
		found, bad := licencesIn(string(text))
		if bad != "" {
			return fmt.Errorf("%s %s: %s names the %s, which does not fit the Apache License 2.0", m.path, m.version, name, bad)
		}
		if base := strings.ToLower(path.Base(name)); len(found) == 0 && strings.HasPrefix(base, "licen") {
			return fmt.Errorf("%s %s: %s is of no licence that is known; read it, and add it to internal/licenses/gen", m.path, m.version, name)
		}
		if len(found) > 0 {
			m.licences[name] = found
		}
	}
	if len(m.licences) == 0 {
		return fmt.Errorf("%s %s has no licence", m.path, m.version)
	}
	return nil
}

// licencesIn returns the licences that a text is of, and the first that does not fit.
func licencesIn(text string) (found []string, bad string) {
	text = normalized(text)
	for _, licence := range fits {
		all := !slices.ContainsFunc(licence.has, func(phrase string) bool { return !strings.Contains(text, phrase) })
		if all && (licence.without == "" || !strings.Contains(text, licence.without)) {
			found = append(found, licence.name)
		}
	}
	for _, name := range strict {
		if strings.Contains(text, name) && !slices.Contains(found, "MPL-2.0") {
			return found, name
		}
	}
	return found, ""
}

// ornament is what texts are laid out with, in comments and Markdown among others.
var ornament = regexp.MustCompile(`[\s>*#/` + "`" + `"]+`)

// normalized returns a text in lower case, with single spaces and no ornaments.
func normalized(text string) string {
	return strings.TrimSpace(ornament.ReplaceAllString(strings.ToLower(text), " "))
}

// expression returns the module's licences, as "BSD-3-Clause AND MPL-2.0".
func (m *module) expression() string {
	all := map[string]bool{}
	for _, licences := range m.licences {
		for _, name := range licences {
			all[name] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(all)), " AND ")
}
