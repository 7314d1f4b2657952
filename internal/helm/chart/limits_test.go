package chart

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/problem"
)

// file is one file of an archive.
type file struct {
	name string
	data []byte
}

// pack makes an archive of the chart web with these files more.
func pack(t testing.TB, files ...file) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipped)
	for _, f := range append([]file{{"Chart.yaml", []byte(metadata("web", "1.0.0"))}}, files...) {
		if err := archive.WriteHeader(&tar.Header{Name: "web/" + f.name, Mode: 0o600, Size: int64(len(f.data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func TestArchivesThatAreTooLarge(t *testing.T) {
	deep := pack(t)
	for range maxNesting {
		deep = pack(t, file{"charts/web.tgz", deep})
	}
	var many, wide []file
	for i := range maxFiles {
		many = append(many, file{fmt.Sprintf("files/%d", i), nil})
	}
	inner := pack(t, file{"files/zeros", make([]byte, 4<<20)})
	for i := range 26 {
		wide = append(wide, file{fmt.Sprintf("charts/c%d.tgz", i), inner})
	}
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"deep":          {deep, "8 deep"},
		"many files":    {pack(t, many...), "10000 files"},
		"one file":      {pack(t, file{"files/zeros", make([]byte, maxChartFile+1)}), "5242880"},
		"nested":        {pack(t, wide...), "the chart is larger than 100 MiB"},
		"in a folder":   {pack(t, file{"charts/a/Chart.yaml", []byte(metadata("a", "1.0.0"))}, file{"charts/a/charts/web.tgz", deep}), "8 deep"},
		"no archive":    {[]byte("this is no archive"), "gzip"},
		"half of it":    {pack(t)[:60], "EOF"},
		"without files": {emptyArchive(t), "no files"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "web-1.0.0.tgz")
			if err := os.WriteFile(path, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Fetch(t.Context(), Source{Chart: path, CacheDir: t.TempDir()})
			wantProblem(t, err, problem.ChartInvalid, c.says)
		})
	}
	if _, err := unpackArchive(pack(t, file{"charts/web.tgz", pack(t, file{"charts/web.tgz", pack(t)})})); err != nil {
		t.Error(err)
	}
}

func emptyArchive(t *testing.T) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	if err := errors.Join(tar.NewWriter(zipped).Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// What Helm's manager downloads as a dependency it unpacks by itself.
func TestDependencyThatIsTooLarge(t *testing.T) {
	deep := pack(t)
	for range maxNesting {
		deep = pack(t, file{"charts/web.tgz", deep})
	}
	oci := ociRegistry(t, false, "web", map[string][]byte{"1.0.0": deep})
	folder := chartFolder(t, "", "shop", "1.0.0", "dependencies:", dependency("web", "1.0.0", oci))
	_, err := Fetch(t.Context(), Source{Chart: folder, CacheDir: t.TempDir()})
	wantProblem(t, err, problem.ChartInvalid, "8 deep")
}

// oras makes room for what a manifest says before it reads any of it.
func TestManifestThatSaysTooMuch(t *testing.T) {
	manifest := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
		`"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"sha256:` + strings.Repeat("a", 64) + `","size":2},` +
		`"layers":[{"mediaType":"application/vnd.cncf.helm.chart.content.v1.tar+gzip","digest":"sha256:` + strings.Repeat("b", 64) +
		`","size":1099511627776}]}`
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		w.Header().Set("Docker-Content-Digest", sha256Of([]byte(manifest)))
		w.Header().Set("Content-Length", fmt.Sprint(len(manifest)))
		_, _ = io.WriteString(w, manifest)
	}))
	_, err := Fetch(t.Context(), Source{Chart: "oci://" + host(server) + "/charts/web:1.0.0", CacheDir: t.TempDir()})
	wantProblem(t, err, problem.ChartInvalid, "128 MiB")
}

func TestAnswerWithoutAnEnd(t *testing.T) {
	body := &boundedBody{io.NopCloser(zeros{}), maxDownload}
	n, err := io.Copy(io.Discard, body)
	if err == nil || !strings.Contains(err.Error(), "128 MiB") || n > maxDownload {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// zeros has no end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestValuesWithoutAnEnd(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	fifo(t, "pipe")
	if err := os.WriteFile("big.yaml", bytes.Repeat([]byte("#"), maxInput+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		values Values
		says   string
	}{
		"a device":          {Values{Files: []string{"/dev/zero"}}, "16 MiB"},
		"a large file":      {Values{Files: []string{"big.yaml"}}, "16 MiB"},
		"a set-file":        {Values{SetFile: []string{"key=big.yaml"}}, "16 MiB"},
		"standard input":    {Values{Files: []string{"-"}, Stdin: zeros{}}, "16 MiB"},
		"a FIFO":            {Values{Files: []string{"pipe"}}, "did not end"},
		"a set-file's FIFO": {Values{SetFile: []string{"key=pipe"}}, "did not end"},
		"a template":        {Values{Set: []string{"key={{ range 200000000 }}{{ end }}"}}, "did not end"},
	} {
		t.Run(name, func(t *testing.T) {
			limit := time.Minute // what is large ends by itself, however slow the machine is
			if c.says == "did not end" {
				limit = time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			_, err := Merge(ctx, c.values)
			wantProblem(t, err, problem.WrongInput, c.says)
		})
	}
}

// What a branch changes in the checkout names a file of the machine.
func TestValuesDoNotLeaveTheCheckout(t *testing.T) {
	checkout, outside := t.TempDir(), write(t, "", map[string]string{"key": "a: s3cret", "deeper/x": ""})
	write(t, checkout, map[string]string{".git/HEAD": "x", "common.yaml": "a: common", "app/own.yaml": "a: own"})
	link(t, filepath.Join(outside, "key"), checkout, "app/linked.yaml")
	link(t, outside, checkout, "app/folder")
	link(t, filepath.Join(outside, "key"), checkout, "linked.yaml")
	link(t, filepath.Join(outside, "deeper"), checkout, "app/deep")
	link(t, "../common.yaml", checkout, "app/common.yaml")
	alias := filepath.Join(t.TempDir(), "alias")
	link(t, checkout, filepath.Dir(alias), "alias")
	t.Chdir(filepath.Join(checkout, "app"))
	for _, v := range []Values{
		{Files: []string{"linked.yaml"}}, {Files: []string{"folder/key"}}, {SetFile: []string{"x=linked.yaml"}},
		{SetFile: []string{"x=./folder/key"}}, {Files: []string{filepath.Join(checkout, "app/linked.yaml")}},
		{SetFile: []string{"x=" + checkout + "/app/folder/key"}}, {Files: []string{"../linked.yaml"}}, {Files: []string{"../app/./linked.yaml"}},
		{Files: []string{filepath.Join(alias, "app/linked.yaml")}}, {Files: []string{"../../" + filepath.Base(checkout) + "/linked.yaml"}},
		{Files: []string{"deep/../key"}},
	} {
		_, err := Merge(t.Context(), v)
		wantProblem(t, err, problem.WrongInput, "out of")
	}
	write(t, outside, map[string]string{"chart/Chart.yaml": metadata("web", "1.0.0")})
	link(t, filepath.Join(outside, "chart"), checkout, "app/chart")
	_, err := Fetch(t.Context(), Source{Chart: "chart", CacheDir: t.TempDir()})
	wantProblem(t, err, problem.ChartInvalid, "out of", "begins with /")
	if _, err := Fetch(t.Context(), Source{Chart: filepath.Join(outside, "chart"), CacheDir: t.TempDir()}); err != nil {
		t.Error(err)
	}
	for _, path := range []string{"own.yaml", "common.yaml", filepath.Join(outside, "key"), filepath.Join(checkout, "common.yaml"),
		"../common.yaml", filepath.Join(alias, "app/common.yaml"), "../../" + filepath.Base(checkout) + "/app/own.yaml"} {
		if _, err := Merge(t.Context(), Values{Files: []string{path}}); err != nil {
			t.Error(err)
		}
	}
}

func TestTemplateWithoutAnEnd(t *testing.T) {
	a := archive(t, map[string]string{"Chart.yaml": metadata("web", "1.0.0"),
		"templates/cm.yaml": "{{ range until 400 }}{{ range until 100000 }}{{ end }}{{ end }}"})
	ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, errors.New("the timeout of 200ms has passed"))
	defer cancel()
	wantProblem(t, refused(Render(ctx, a, nil, options)), problem.ChartInvalid, "did not end", "timeout")
	stopped, stop := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, stop)
	wantProblem(t, refused(Render(stopped, a, nil, options)), problem.Interrupted)
}

func FuzzUnpackArchive(f *testing.F) {
	f.Add(pack(f))
	f.Add(pack(f, file{"templates/x.yaml", []byte("{{")}, file{"charts/web.tgz", pack(f)}))
	f.Add(pack(f, file{"values.yaml", []byte("a: &a [*a]")}, file{"../x", nil}, file{"c:/x", nil}))
	f.Add(pack(f)[:40])
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := unpackArchive(data)
		if err != nil {
			return
		}
		size := 0
		for _, file := range files {
			if size += len(file.Data); filepath.IsAbs(file.Name) || strings.HasPrefix(file.Name, "..") {
				t.Errorf("%q leads out of the chart", file.Name)
			}
		}
		if size > maxChart {
			t.Errorf("%d bytes", size)
		}
		if a, err := newArchive(files, ""); err == nil {
			_ = Source{}.check(a)
		}
	})
}
