package chart

import (
	"fmt"
	"maps"
	"net/http"
	"testing"
)

// What a branch is called names one file at an address, and asks its server for nothing else.
func TestTextInAddresses(t *testing.T) {
	for _, c := range []struct{ item, branch, want string }{
		{"https://c/review/{{ .Branch }}.yaml", "feature/x-1.2_~", "https://c/review/feature/x-1.2_~.yaml"},
		{"https://c/review/{{ .Branch }}.yaml", "%2e%2e/production/values", "https://c/review/%252e%252e/production/values.yaml"},
		{"https://c/review/{{ .Branch }}.yaml", "x#", "https://c/review/x%23.yaml"},
		{"https://c/review/{{ .Branch }}.yaml", "x?y", "https://c/review/x%3Fy.yaml"},
		{"https://c/review/{{ .Branch }}.yaml", `x\y`, "https://c/review/x%5Cy.yaml"},
		{"https://c/get?env=review&of={{ .Branch }}", "x&env=production", "https://c/get?env=review&of=x%26env%3Dproduction"},
		{"https://c/get?of={{ .Branch }}", "a/b+c d", "https://c/get?of=a%2Fb%2Bc%20d"},
		{"https://c/get?of={{ urlquery .Branch }}", "a/b#", "https://c/get?of=a%2Fb%23"},
		{"https://c/get?of={{ .Branch | urlquery }}", "a%2e", "https://c/get?of=a%252e"},
		{`https://c/{{ printf "%s" (urlquery .Branch) }}`, "a#", "https://c/a%2523"},
		{`https://c/{{ with .Branch }}{{ . }}{{ end }}`, "a#", "https://c/a%23"},
		{"https://{{ .Slug }}.c/{{ .Branch }}", "a#", "https://feature-x-1a2b3c.c/a%23"},
		{"values/{{ .Branch }}.yaml", "x#%2e", "values/x#%2e.yaml"},
		{"values/{{ urlquery .Branch }}.yaml", "x#", "values/x%23.yaml"},
	} {
		d := maps.Clone(data)
		d["Branch"] = c.branch
		if got, err := expandPath(d, "values", c.item); err != nil || got != c.want {
			t.Errorf("%s of %q: %q, %v", c.item, c.branch, got, err)
		}
	}
}

// The same holds of set-file, where an address ends with its item.
func TestTextInAddressesOfFiles(t *testing.T) {
	var asked []string
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.RequestURI)
		fmt.Fprint(w, "content")
	}))
	d := maps.Clone(data)
	d["Branch"] = "%2e%2e/x?y#"
	t.Chdir(write(t, "", map[string]string{"files/%2e%2e/x?y#": "local"}))
	got, err := Merge(t.Context(), Values{Data: d, SetFile: []string{
		"a=" + server.URL + "/review/{{ .Branch }}.txt,b=files/{{ .Branch }},c=" + server.URL + "/get?of={{ .Branch }}\\,{{ .Branch }}"}})
	if err != nil || got["a"] != "content" || got["b"] != "local" || got["c"] != "content" {
		t.Fatalf("%v, %v", got, err)
	}
	want := []string{"/review/%252e%252e/x%3Fy%23.txt", "/get?of=%252e%252e%2Fx%3Fy%23,%252e%252e%2Fx%3Fy%23"}
	if fmt.Sprint(asked) != fmt.Sprint(want) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
}
