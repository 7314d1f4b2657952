package record

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"helm.sh/helm/v3/pkg/release"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/secrets"
)

func mock(name string, revision int, status release.Status) *release.Release {
	rls := release.Mock(&release.MockReleaseOptions{Name: name, Version: revision, Status: status})
	rls.Namespace = "" // whichever it is stored in
	return rls
}

func stored(t *testing.T, raw string) string {
	t.Helper()
	payload, err := encode([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func TestCodecRoundTrip(t *testing.T) {
	raw, err := marshal(mock("web", 3, release.StatusDeployed), descriptionLimit)
	if err != nil {
		t.Fatal(err)
	}
	back, rls, err := decode(stored(t, string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(back, raw) || rls.Name != "web" || rls.Version != 3 {
		t.Errorf("got %s revision %d back", rls.Name, rls.Version)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, payload := range map[string]string{
		"nothing":        "",
		"no base64":      "%%%",
		"no JSON":        base64.StdEncoding.EncodeToString([]byte("hello")),
		"null":           stored(t, "null"),
		"an array":       stored(t, "[]"),
		"no info":        stored(t, `{"name":"web"}`),
		"null info":      stored(t, `{"info":null}`),
		"truncated gzip": base64.StdEncoding.EncodeToString([]byte{0x1f, 0x8b, 0x08, 0, 0}),
	} {
		if _, _, err := decode(payload); err == nil {
			t.Errorf("%s: decoded", name)
		}
	}
}

func TestInflateIsBounded(t *testing.T) {
	compressed, err := base64.StdEncoding.DecodeString(stored(t, strings.Repeat(" ", 101)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := inflate(compressed, limits{bytes: 101}); err != nil {
		t.Error(err)
	}
	if _, err := inflate(compressed, limits{bytes: 100}); err == nil {
		t.Error("101 bytes passed a limit of 100")
	}
}

// A small payload cannot take all memory: neither by its length once it is inflated,
// nor by the number of its values.
func TestDecodeIsBounded(t *testing.T) {
	for name, raw := range map[string]string{
		"long":        `{"info":{},"manifest":"` + strings.Repeat("x", inflatedLimit) + `"}`,
		"many values": `{"info":{},"chart":{"templates":[` + strings.Repeat("{},", valuesLimit) + `{}]}}`,
		"deep":        `{"info":{},"config":` + strings.Repeat(`{"a":`, 1<<15) + "1" + strings.Repeat("}", 1<<15) + "}",
	} {
		payload := stored(t, raw)
		if len(payload) > serverLimit {
			t.Fatalf("%s: the payload has %d bytes, which no API server stores", name, len(payload))
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := decode(payload)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: decoded", name)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 2<<20 {
			t.Errorf("%s: took %d MiB", name, took>>20)
		}
	}
}

func TestMeasure(t *testing.T) {
	for raw, values := range map[string]int{
		``: 0, `"a,b"`: 0, `[]`: 1, `[1,2,3]`: 3, `{"a":1}`: 2, `{"a\"[,":[{}]}`: 4, `"\\",[`: 2, `"\`: 0, `"open,[`: 0,
	} {
		// However it is cut into writes.
		for cut := range len(raw) + 1 {
			size := measure{limits: limits{bytes: len(raw), values: values}}
			for _, part := range []string{raw[:cut], raw[cut:]} {
				if _, err := size.Write([]byte(part)); err != nil {
					t.Errorf("%s: %v", raw, err)
				}
			}
			if size.values != values || size.bytes != len(raw) {
				t.Errorf("%s, cut at %d: counted %d values in %d bytes, want %d", raw, cut, size.values, size.bytes, values)
			}
		}
	}
}

// FuzzDecode decodes whatever a Secret may hold. What can be decoded can be given a
// status, and is then decoded again as the same release.
func FuzzDecode(f *testing.F) {
	for _, raw := range []string{
		`{"name":"web","version":1,"info":{"status":"deployed"}}`,
		`{"name":"web","info":{"status":"failed","description":"\ud800"},"chart":{"metadata":{"name":"c"}},"config":{"a":null}}`,
		`{"info":{"first_deployed":"0001-01-01T00:00:00Z"},"hooks":[null],"chart":null}`,
		`{"info":{},"info":{"status":1}}`, `[]`, `null`, ``, `{"info":{},"version":1e400}`,
	} {
		var buf bytes.Buffer
		w := gzip.NewWriter(&buf)
		_, _ = w.Write([]byte(raw))
		_ = w.Close()
		f.Add([]byte(raw))
		f.Add(buf.Bytes())
		f.Add(buf.Bytes()[:buf.Len()/2])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		raw, rls, err := decode(base64.StdEncoding.EncodeToString(data))
		if err != nil {
			return
		}
		if rls.Info == nil {
			t.Fatal("a release without info")
		}
		settled, err := mergeStatus(raw, "failed", "a\xff\x00 description")
		if err != nil {
			return // a number that no JSON keeps, say
		}
		_, again, err := decode(settled)
		if err != nil {
			t.Fatalf("%q settled cannot be decoded: %v", raw, err)
		}
		// encoding/json takes a long s in a key for an s, and such a key is sorted last.
		if again.Info.Status != release.StatusFailed && !bytes.Contains(raw, []byte("ſ")) && !bytes.Contains(raw, []byte(`\u017`)) {
			t.Fatalf("%q became %+v", raw, again)
		}
	})
}

func TestDecodeReadsPlainJSON(t *testing.T) {
	_, rls, err := decode(base64.StdEncoding.EncodeToString([]byte(`{"name":"web","info":{"status":"failed"}}`)))
	if err != nil || rls.Info.Status != release.StatusFailed {
		t.Errorf("got %v, %v", rls, err)
	}
}

// A record written by Helm 4 holds fields that Helm 3 does not know.
func TestMergeKeepsUnknownFields(t *testing.T) {
	payload := stored(t, `{"name":"web","version":1,"apply_method":"ssa","big":12345678901234567890,
		"info":{"status":"pending-install","description":"old","notes":"gone soon","rollback_revision":7},
		"chart":{"metadata":{"name":"c","version":"1.0.0","novel":true}},"config":{"keep":null,"n":1}}`)
	_, rls, err := decode(payload)
	if err != nil {
		t.Fatal(err)
	}
	rls.SetStatus(release.StatusDeployed, "new")
	rls.Info.Notes = "" // known, and now empty
	merged, err := merge(payload, rls)
	if err != nil {
		t.Fatal(err)
	}
	raw, _, err := decode(merged)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	info := got["info"].(map[string]any)
	metadata := got["chart"].(map[string]any)["metadata"].(map[string]any)
	_, notes := info["notes"]
	_, keep := got["config"].(map[string]any)["keep"]
	switch {
	case got["apply_method"] != "ssa", info["rollback_revision"] != 7.0, metadata["novel"] != true, !keep,
		!strings.Contains(string(raw), "12345678901234567890"):
		t.Errorf("something was lost: %s", raw)
	case info["status"] != "deployed", info["description"] != "new", notes:
		t.Errorf("something was not written: %s", raw)
	}
}

func TestMergeStatus(t *testing.T) {
	const stored = `{"name":"web","x":[1],"info":{"status":"pending-install","last_deployed":"2026-01-02T03:04:05Z","y":1}}`
	payload, err := mergeStatus([]byte(stored), "failed", "unlocked")
	if err != nil {
		t.Fatal(err)
	}
	raw, _, err := decode(payload)
	want := `{"info":{"description":"unlocked","last_deployed":"2026-01-02T03:04:05Z","status":"failed","y":1},"name":"web","x":[1]}`
	if err != nil || string(raw) != want {
		t.Errorf("got %s, %v", raw, err)
	}
}

func TestMarshalTruncatesTheDescription(t *testing.T) {
	rls := mock("web", 1, release.StatusFailed)
	rls.Info.Description = strings.Repeat("é", descriptionLimit)
	raw, err := marshal(rls, descriptionLimit)
	if err != nil {
		t.Fatal(err)
	}
	var got release.Release
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Info.Description) > descriptionLimit {
		t.Errorf("stored %d bytes", len(got.Info.Description))
	}
	if len(rls.Info.Description) != 2*descriptionLimit {
		t.Error("Helm's own release was changed")
	}
	if _, err := marshal(&release.Release{Name: "web"}, descriptionLimit); err == nil {
		t.Error("a release without info was accepted")
	}
}

func TestTruncate(t *testing.T) {
	for _, c := range []struct {
		text  string
		limit int
		want  string
	}{
		{"short", 5, "short"},
		{"longer", 5, "lo…"},
		{"ééé", 5, "é…"},
		{"日本語", 8, "日…"},
		{"a\xffb", 10, "a\uFFFDb"},
		{"longer", 3, "…"},
		{"longer", 2, ""},
		{"longer", 0, ""},
	} {
		got := truncate(c.text, c.limit)
		if got != c.want || len(got) > c.limit || !utf8.ValidString(got) {
			t.Errorf("truncate(%q, %d) = %q, want %q", c.text, c.limit, got, c.want)
		}
	}
}

// noise returns text that does not compress well.
func noise(size int) string {
	r := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, size)
	for i := range text {
		text[i] = byte('!' + r.IntN(90))
	}
	return string(text)
}

// fullPayload returns a payload that is at most a few hundred bytes shorter than
// what the API server takes.
func fullPayload(t *testing.T) string {
	t.Helper()
	const wanted = serverLimit - 100
	rls := mock("web", 1, release.StatusPendingInstall)
	filler := noise(serverLimit)
	size := len(filler) / 2
	for range 10 {
		rls.Manifest = filler[:size]
		raw, err := json.Marshal(rls)
		if err != nil {
			t.Fatal(err)
		}
		payload := stored(t, string(raw))
		if over := len(payload) - wanted; over > -100 && over < 100 {
			return payload
		}
		size = min(size*wanted/len(payload), len(filler)) // noise compresses evenly
	}
	t.Fatal("no payload of that size was found")
	return ""
}

// A record that somebody else filled up to the server's limit can still be given a
// status: its description is shortened, since a joined error can be of any length.
func TestAFullRecordTakesAStatus(t *testing.T) {
	payload := fullPayload(t)
	raw, rls, err := decode(payload)
	if err != nil {
		t.Fatal(err)
	}
	long := noise(100 << 10)
	settled, err := mergeStatus(raw, "failed", long)
	if err != nil || len(settled) > serverLimit {
		t.Fatalf("settled to %d bytes, %v", len(settled), err)
	}
	rls.SetStatus(release.StatusFailed, long)
	updated, err := merge(payload, rls)
	if err != nil || len(updated) > serverLimit {
		t.Fatalf("updated to %d bytes, %v", len(updated), err)
	}
	for _, payload := range []string{settled, updated} {
		if _, got, err := decode(payload); err != nil || got.Info.Status != release.StatusFailed || got.Manifest != rls.Manifest {
			t.Errorf("read back: %v", err)
		}
	}
}

func TestFitDescriptionReturnsTooLarge(t *testing.T) {
	calls := 0
	_, err := fitDescription(func(int) (string, error) {
		calls++
		return strings.Repeat("x", serverLimit+1), nil
	})
	large, ok := errors.AsType[*TooLargeError](err)
	if !ok || large.Limit != serverLimit || calls != 3 {
		t.Errorf("got %v after %d tries", err, calls)
	}
	boom := errors.New("boom")
	if _, err := fitDescription(func(int) (string, error) { return "", boom }); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
}

// A description holds no secret, whoever writes it: Helm, with the error of a failed
// operation, or Berth, where it settles the record.
func TestNoSecretIsDescribed(t *testing.T) {
	const secret = "hunter2-hunter2"
	mask := secrets.New()
	mask.Find(secret)
	rls := mock("web", 1, release.StatusFailed)
	rls.Info.Description = "it failed: " + secret
	described := (&Driver{mask: mask}).masked(rls)
	if described.Info.Description != "it failed: ***" || rls.Info.Description != "it failed: "+secret {
		t.Errorf("stored is %q, and Helm has %q", described.Info.Description, rls.Info.Description)
	}
	if got := (&Driver{}).masked(rls); got.Info.Description != rls.Info.Description {
		t.Errorf("without a mask it is %q", got.Info.Description)
	}
}

// What a stored revision holds that is secret is masked, whoever stored it.
func TestStoredSecretsAreKnown(t *testing.T) {
	mask := secrets.New()
	rls := mock("web", 1, release.StatusFailed)
	rls.Manifest = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: creds}\nstringData: {a: hunter2-hunter2}\n"
	rls.Hooks = []*release.Hook{nil, {Manifest: "apiVersion: v1\nkind: Secret\nmetadata: {name: hook}\nstringData: {a: swordfish-3}\n"}}
	rls.Config = map[string]any{"password": "correct-horse"}
	raw, err := marshal(rls, descriptionLimit)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := encode(raw)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := newSnapshots(mask).decode(&object{ObjectMeta: metav1.ObjectMeta{Name: Key("web", 1)}, Payload: payload}); err != nil {
		t.Fatal(err)
	}
	if got := mask.Text("hunter2-hunter2 swordfish-3 correct-horse"); got != "*** *** ***" {
		t.Error(got)
	}
}
