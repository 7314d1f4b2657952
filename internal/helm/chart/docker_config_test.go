package chart

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oras.land/oras-go/v2/registry/remote/auth"
)

func TestDockerConfig(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("docker-credential-one", "#!/bin/sh\nread server; echo \"{\\\"Username\\\":\\\"$server\\\",\\\"Secret\\\":\\\"pw\\\"}\"\n")
	write("docker-credential-token", "#!/bin/sh\necho '{\"Username\":\"<token>\",\"Secret\":\"t\"}'\n")
	write("docker-credential-empty", "#!/bin/sh\necho '"+nothingStored+"'; exit 1\n")
	write("docker-credential-hangs", "#!/bin/sh\nexec sleep 600\n")
	write("docker-credential-broken", "#!/bin/sh\necho 'no-json-but-hunter2'\n")
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	encoded := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	path := write("config.json", `{"auths":{
		"a.test":{"auth":"`+encoded("u:p:q")+`"},
		"https://b.test/v1/":{"username":"u","password":"p"},
		"https://index.docker.io/v1/":{"identitytoken":"i"},
		"none.test":{"auth":"`+encoded("hunter2")+`"},
		"broken.test":{"auth":"hunter2!"}},
		"credHelpers":{"one.test":"one","token.test":"token","empty.test":"empty","hangs.test":"hangs","broken.help":"broken",
			"path.test":"../x","gone.test":"not-there"}}`)
	config, err := Source{}.readDockerConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]struct {
		auth.Credential
		failure string
	}{
		"a.test":               {auth.Credential{Username: "u", Password: "p:q"}, ""},
		"b.test":               {auth.Credential{Username: "u", Password: "p"}, ""},
		"registry-1.docker.io": {auth.Credential{RefreshToken: "i"}, ""},
		"other.test":           {auth.Credential{}, ""},
		"none.test":            {auth.Credential{}, "is not user:password"},
		"broken.test":          {auth.Credential{}, "is not user:password"},
		"one.test":             {auth.Credential{Username: "one.test", Password: "pw"}, ""},
		"token.test":           {auth.Credential{RefreshToken: "t"}, ""},
		"empty.test":           {auth.Credential{}, ""},
		"hangs.test":           {auth.Credential{}, "did not end"},
		"broken.help":          {auth.Credential{}, "is no credential"},
		"path.test":            {auth.Credential{}, "helper that is none"},
		"gone.test":            {auth.Credential{}, "not found"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if host == "hangs.test" {
			ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
		}
		got, err := config.credential(ctx, host)
		cancel()
		if got != want.Credential || (err == nil) != (want.failure == "") || err != nil && !strings.Contains(err.Error(), want.failure) {
			t.Errorf("%s: %+v, %v; want %+v, %q", host, got, err, want.Credential, want.failure)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error quotes a secret: %v", host, err)
		}
	}
	for _, content := range []string{"", "[]", `{"auths":"hunter2"}`} {
		if _, err := (Source{}).readDockerConfig(write("wrong.json", content)); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", content, err)
		}
	}
}
