package contents

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/secrets"
)

func TestSecretsAreNotShown(t *testing.T) {
	const (
		hush = "hunter2"
		key  = "-----BEGIN RSA PRIVATE KEY----- "
	)
	long := "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" + strings.Repeat("x", shown)
	config := func(value string) string {
		return "{apiVersion: v1, kind: ConfigMap, metadata: {name: s}, data: {a: '" + value + "'}}"
	}
	args := func(items string) string {
		return "{apiVersion: v1, kind: Pod, metadata: {name: s}, spec: {containers: [{name: a, args: [" + items + "]}]}}"
	}
	custom := func(spec string) string {
		return "{apiVersion: x.io/v1, kind: DB, metadata: {name: s}, spec: {" + spec + "}}"
	}
	for name, c := range map[string]struct{ manifest, live string }{
		"data": {"{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: aHVudGVyMg==}}",
			"{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: aHVudGVyMg0K}}"},
		"stringData": {"{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: hunter2}}",
			"{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: aHVudGVyMg0K}}"},
		"what was applied": {`{apiVersion: v1, kind: Secret, metadata: {name: s, annotations: {a: '{"stringData":{"a":"hunter2"}}'}}}`,
			`{apiVersion: v1, kind: Secret, metadata: {name: s, annotations: {a: '{"stringData":{"a":"hunter2x"}}'}}}`},
		"all annotations, gone": {`{apiVersion: v1, kind: Secret, metadata: {name: s, annotations: {a: '{"data":{"a":"aHVudGVyMg=="}}', b: c}}}`,
			`{apiVersion: v1, kind: Secret, metadata: {name: s}}`},
		"gone": {"{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: hunter2}}",
			"{apiVersion: v1, kind: Secret, metadata: {name: s}}"},
		"a variable": {"{apiVersion: v1, kind: Pod, metadata: {name: s}, spec: {containers: [{name: a, env: [{name: DB_PASSWORD, value: hunter2}]}]}}",
			"{apiVersion: v1, kind: Pod, metadata: {name: s}, spec: {containers: [{name: a, env: [{name: DB_PASSWORD, value: hunter2x}]}]}}"},
		"an added variable": {"{apiVersion: v1, kind: Pod, metadata: {name: s}, spec: {containers: [{name: a}]}}",
			"{apiVersion: v1, kind: Pod, metadata: {name: s}, spec: {containers: [{name: a, env: [{name: API_TOKEN, value: hunter2x}]}]}}"},
		"an added container": {"{apiVersion: v1, kind: Pod, metadata: {name: s}, spec: {containers: [{name: a}]}}",
			"{apiVersion: v1, kind: Pod, metadata: {name: s}, spec: {containers: [{name: a}, {name: b, env: [{name: API_TOKEN, value: hunter2x}]}]}}"},
		"an argument": {"{apiVersion: v1, kind: Pod, metadata: {name: s}, spec: {containers: [{name: a, args: [--password=hunter2]}]}}",
			"{apiVersion: v1, kind: Pod, metadata: {name: s}, spec: {containers: [{name: a, args: [--password=hunter2, -v]}]}}"},
		"a URL": {"{apiVersion: v1, kind: ConfigMap, metadata: {name: s}, data: {url: 'postgres://u:hunter2@db/x'}}",
			"{apiVersion: v1, kind: ConfigMap, metadata: {name: s}, data: {url: 'postgres://u:hunter2@db/y'}}"},
		"a URL's with an @":           {config("postgres://u:a@hunter2@db/x"), config("postgres://u:a@hunter2@db/y")},
		"a long token's end":          {config("--token=" + long + "a-hunter2"), config("--token=" + long + "b-hunter2")},
		"a long URL's end":            {config("x://user:" + long + "a-hunter2@db"), config("x://user:" + long + "b-hunter2@db")},
		"a token without a name":      {config(long + "." + long + ".a-hunter2"), config(long + "." + long + ".b-hunter2")},
		"a header":                    {config("Authorization: Bearer hunter2"), config("Authorization: Bearer hunter2x")},
		"in quotes":                   {config(`password: "x hunter2"`), config(`password: "y hunter2"`)},
		"a private key":               {config(key + "AA/hunter2"), config(key + "AB/hunter2")},
		"an argument after its flag":  {args("--password, hunter2"), args("--password, hunter2x")},
		"arguments after their flags": {args("--password, hunter2"), args("--password, hunter2, -v")},
		"a key's name":                {custom("SECRET_KEY_BASE: hunter2"), custom("SECRET_KEY_BASE: hunter2x")},
		"a number":                    {custom("password: 1234, a: hunter"), custom("password: 12345, a: hunter")},
		"a list of them":              {custom("passwords: [hunter2]"), custom("passwords: [hunter2x]")},
		"a longer list of them":       {custom("tokens: [hunter2]"), custom("tokens: [hunter2, x]")},
		"a field below":               {custom("password: {value: hunter2}"), custom("password: {value: hunter2x}")},
		"fields below":                {custom("credentials: {a: {plain: hunter2}}"), custom("credentials: {a: {plain: hunter2x}}")},
		"an item below": {custom("tokens: [{name: a, value: hunter2}]"),
			custom("tokens: [{name: a, value: hunter2}, {name: b, value: hunter2}]")},
		"all fields, gone":       {custom("a: b, credentials: {plain: hunter2}"), custom("a: b")},
		"all fields, a text":     {custom("credentials: {plain: hunter2}"), custom("credentials: x")},
		"all fields below, gone": {custom("credentials: {a: {plain: hunter2}}"), custom("credentials: {}")},
		"a variable by its place": {custom("env: [{name: DB_PASSWORD, value: hunter2}]"),
			custom("env: [{name: DB_PASSWORD, value: hunter2x}]")},
		"a parameter by its key": {custom("a: [{key: password, value: hunter2}]"), custom("a: [{key: password, value: hunter2x}]")},
		"variables in another order": {custom("env: [{name: DB_PASSWORD, value: hunter2}, {name: MODE, value: a}]"),
			custom("env: [{name: MODE, value: a}, {name: DB_PASSWORD, value: hunter2}]")},
		"a header of a probe": {custom("httpHeaders: [{name: Authorization, value: Basic hunter2}]"),
			custom("httpHeaders: [{name: Authorization, value: Basic hunter2x}]")},
		"an added header":  {custom("a: []"), custom("a: [{name: Authorization, value: hunter2}]")},
		"a header's field": {custom("set: {Authorization: Basic hunter2}"), custom("set: {Authorization: Basic hunter2x}")},
		"a header in a setting": {config("proxy_set_header Authorization \"Basic hunter2\";"),
			config("proxy_set_header Authorization \"Basic hunter2x\";")},
		"with blanks":             {config("password = hunter2"), config("password = hunter2x")},
		"an element":              {config("<password>hunter2</password>"), config("<password>hunter2x</password>")},
		"a flag in a text":        {config("app --password hunter2"), config("app --password hunter2x")},
		"in a file of variables":  {config("DB_PASS=hunter2"), config("DB_PASS=hunter2x")},
		"short for it, in a text": {config("smtpPass: hunter2"), config("smtpPass: hunter2x")},
		"what is short for it":    {custom("dbPass: hunter2"), custom("dbPass: hunter2x")},
		"such a variable": {"{apiVersion: v1, kind: Pod, metadata: {name: s}, spec: {containers: [{name: a}]}}",
			"{apiVersion: v1, kind: Pod, metadata: {name: s}, spec: {containers: [{name: a, env: [{name: DB_PASS, value: hunter2}]}]}}"},
	} {
		t.Run(name, func(t *testing.T) {
			got := differences(t, c.manifest, c.live, false)
			if all := fmt.Sprintf("%+v", got); len(got.Differences) == 0 || strings.Contains(all, hush) || strings.Contains(all, "aHVudGVy") || strings.Contains(all, "1234") {
				t.Error(all)
			}
		})
	}
}

// Names of Secrets and of their keys are shown, and what says of which kind a secret is.
func TestReferencesAreShown(t *testing.T) {
	pod := func(spec string) string {
		return "{apiVersion: v1, kind: Pod, metadata: {name: s}, spec: {" + spec + "}}"
	}
	custom := func(spec string) string {
		return "{apiVersion: x.io/v1, kind: DB, metadata: {name: s}, spec: {" + spec + "}}"
	}
	for name, c := range map[string]struct{ manifest, live, shown string }{
		"of a volume": {pod("volumes: [{name: v, secret: {secretName: one}}]"), pod("volumes: [{name: v, secret: {secretName: two}}]"), "two"},
		"a volume": {pod("volumes: [{name: w, emptyDir: {}}]"),
			pod("volumes: [{name: w, emptyDir: {}}, {name: v, secret: {secretName: two}}]"), "{name: v}"},
		"a file of it": {pod("volumes: [{name: v, secret: {secretName: a, items: [{key: one.pem, path: a}]}}]"),
			pod("volumes: [{name: v, secret: {secretName: a, items: [{key: two2.pem, path: a}]}}]"), "two2.pem"},
		"a mode of it": {pod("volumes: [{name: v, secret: {secretName: a, defaultMode: 256}}]"),
			pod("volumes: [{name: v, secret: {secretName: a, defaultMode: 288}}]"), "288"},
		"a token's": {pod("automountServiceAccountToken: false"), pod("automountServiceAccountToken: true"), "true"},
		"a reference": {custom("password: {valueFrom: {secretKeyRef: {name: a, key: one}}}"),
			custom("password: {valueFrom: {secretKeyRef: {name: a, key: two}}}"), "two"},
		"by its name": {custom("passwordSecretRef: {name: one}"), custom("passwordSecretRef: {name: two}"), "two"},
		"a kind":      {custom("privateKey: {algorithm: RSA}"), custom("privateKey: {algorithm: ECDSA}"), "ECDSA"},
		"how others are let in": {custom("authorization: disabled, authorizationMode: a"),
			custom("authorization: enabled, authorizationMode: a"), "enabled"},
		"who is":         {custom("authorization: {superUsers: [CN=one]}"), custom("authorization: {superUsers: [CN=two1]}"), "CN=two1"},
		"the mode of it": {custom("authorizationMode: Webhook1"), custom("authorizationMode: Webhook2"), "Webhook2"},
		"an image": {pod("containers: [{name: external-secrets, image: 'acme/external-secrets:v0.9.1'}]"),
			pod("containers: [{name: external-secrets, image: 'acme/external-secrets:v0.9.2'}]"), "v0.9.2"},
		"a command": {pod("containers: [{name: auth-token, workingDir: /one}]"),
			pod("containers: [{name: auth-token, workingDir: /two}]"), "/two"},
		"a number": {custom("privateKey: {size: 2048}"), custom("privateKey: {size: 4096}"), "4096"},
	} {
		got := differences(t, c.manifest, c.live, false).Differences
		if len(got) != 1 || !strings.Contains(got[0].Live, c.shown) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Equal values of two Secrets, or of two keys of one, have digests of their own, and
// that of the same value stays the same.
func TestDigests(t *testing.T) {
	const manifest = "{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: eA==, b: eA==}}"
	live := func(uid string) string {
		return "{apiVersion: v1, kind: Secret, metadata: {name: s, uid: " + uid + "}, data: {a: eQ==, b: eQ==}}"
	}
	one, again := differences(t, manifest, live("u1"), false), differences(t, manifest, live("u1"), false)
	other := differences(t, manifest, live("u2"), false)
	a, b := one.Differences[0].Digest, one.Differences[1].Digest
	if a == b || a == other.Differences[0].Digest || a != again.Differences[0].Digest || a == "" {
		t.Errorf("%v %v %v", one, again, other)
	}
	item := func(uid string) string {
		d := differences(t, "{apiVersion: x.io/v1, kind: DB, metadata: {name: s}, spec: {env: [], a: ''}}",
			"{apiVersion: x.io/v1, kind: DB, metadata: {name: s, uid: "+uid+"}, "+
				"spec: {env: [{name: DB_PASSWORD, value: x}], a: 'DB_PASS=x'}}", false).Differences
		return d[0].Digest + d[1].Digest
	}
	if item("u1") == item("u2") {
		t.Error("the digest of what holds a secret can be looked up")
	}
	gone := differences(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: b}}",
		"{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}", false)
	if d := gone.Differences[0]; d.Digest != facts.Gone || d.Live != "" || d.Recorded == "" {
		t.Errorf("%+v", d)
	}
}

func TestShown(t *testing.T) {
	long := strings.Repeat("a: b\n", 40)
	for name, c := range map[string]struct {
		want, live     any
		recorded, seen string
	}{
		"texts":             {"a", "b", "a", "b"},
		"an empty text":     {"a", "", "a", `""`},
		"nothing":           {nil, "b", "", "b"},
		"numbers":           {int64(1), 1.5, "1", "1.5"},
		"long texts":        {long + "port: 1\nx", long + "port: 2\nx", "…port: 1 x", "…port: 2 x"},
		"terminal commands": {"a", "\x1b[31mb\nc", "a", "b c"},
		"an item":           {nil, map[string]any{"name": "n", "image": "i", "args": []any{"x"}}, "", "{image: i, name: n}"},
		"a rule": {nil, map[string]any{"apiGroups": []any{""}, "resources": []any{"secrets"}, "verbs": []any{"get", "list"}}, "",
			`{apiGroups: [""], resources: ["secrets"], verbs: ["get" "list"]}`},
		"a secret by name": {nil, map[string]any{"token": "x", "tokens": []any{"x"}, "to": []any{map[string]any{}}, "a": map[string]any{"b": 1}},
			"", "{a: …, to: 1 item, token: …, tokens: …}"},
		"nothing in it": {nil, map[string]any{"a": map[string]any{}, "b": nil}, "", "{a: {}, b: null}"},
		"a command":     {[]any{"a"}, []any{"a", "b"}, `["a"]`, `["a" "b"]`},
		"items":         {[]any{"a"}, []any{map[string]any{}}, `["a"]`, "1 item"},
	} {
		w := &walk{live: one(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}")}
		if a, b := w.texts(finding{want: c.want, live: c.live, path: path{{name: "x"}}}); a != c.recorded || b != c.seen {
			t.Errorf("%s: %q, %q", name, a, b)
		}
	}
}

// However many keys of a Secret somebody changes, a look at them stays quick.
func TestManyDifferences(t *testing.T) {
	var recorded, live strings.Builder
	for i := range 3 * most {
		fmt.Fprintf(&recorded, "k%03d: eA==, ", i)
		fmt.Fprintf(&live, "k%03d: eQ==, ", i)
	}
	of := func(data string) string {
		return "{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {" + data + "}}"
	}
	one := differences(t, of(recorded.String()), of(live.String()), false).Differences
	other := differences(t, of(recorded.String()), of(strings.Replace(live.String(), "k299: eQ==", "k299: eg==", 1)), false).Differences
	if n := len(one); n != most+1 || one[n-1].Path != "data.others" || one[n-1].Live != "200 more fields" ||
		one[n-1].Digest == other[n-1].Digest {
		t.Errorf("%d: %+v", n, one[n-1])
	}
}

// However many keys somebody adds, the notes stay few.
func TestManyAddedKeys(t *testing.T) {
	var live strings.Builder
	for i := range 3 * keysNoted {
		fmt.Fprintf(&live, "k%03d: x, ", i)
	}
	notes := differences(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}",
		"{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {"+live.String()+"}}", false).Notes
	if n := len(notes); n != keysNoted+1 || notes[n-1] != "40 more keys of data not in the record" {
		t.Errorf("%d: %q", n, notes)
	}
}

// What is known to be secret is gone before a value is cut: of what is left of it nobody could tell what it is.
func TestMaskedBeforeACut(t *testing.T) {
	const secret = "hunter2-hunter2"
	long := strings.Repeat("x", shown-20)
	for name, value := range map[string]any{
		"a text": long + " it is " + secret + " or so", "a list": []any{long, secret, long},
		"a map":           map[string]any{"a": long, "b": "123 " + secret},
		"a list in a map": map[string]any{"a": []any{long, secret}},
	} {
		w := &walk{live: one(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}"),
			mask: strings.NewReplacer(secret, secrets.Hidden).Replace}
		for cut := range 12 { // wherever it stands before the end
			if _, got := w.texts(finding{live: longer(value, cut), path: path{{name: "x"}}}); strings.Contains(got, "hun") {
				t.Errorf("%s: %s", name, got)
			}
		}
		both := finding{want: "DB_PASS=x " + long, live: long[3:] + " pw=x " + secret, path: path{{name: "x"}}}
		if _, got := w.texts(both); strings.Contains(got, "hun") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// longer returns a value with n bytes more in its texts.
func longer(v any, n int) any {
	switch v := v.(type) {
	case string:
		return strings.Repeat("y", n) + v
	case []any:
		return append([]any{strings.Repeat("y", n)}, v...)
	case map[string]any:
		all := map[string]any{"0": strings.Repeat("y", n)}
		maps.Copy(all, v)
		return all
	}
	return v
}
