package record

import (
	"errors"
	"testing"

	"helm.sh/helm/v3/pkg/release"
)

func TestSnapshots(t *testing.T) {
	s := newSnapshots(nil)
	old := testObject("u", "7", stored(t, `{"name":"web","version":1,"info":{"status":"deployed"}}`))
	old.Name = Key("web", 1)
	_, rls, err := s.decode(old)
	if err != nil {
		t.Fatal(err)
	}
	newer := *old
	newer.ResourceVersion = "8"
	_, again, err := s.decode(&newer)
	if err != nil {
		t.Fatal(err)
	}
	// A release stays bound to the version that it was read from.
	if s.origin(rls, old.Name) != old || s.origin(again, old.Name) != &newer ||
		s.origin(rls, "other") != nil || s.origin(&release.Release{}, "k") != nil {
		t.Error("a release is bound to another object than its own")
	}
	if s.object("u", "8") != &newer || s.object("u", "7") != nil || s.version("u") != "8" || s.version("v") != "" {
		t.Error("the newest version is not the one that was read last")
	}
	listed := newer.ObjectMeta
	listed.ResourceVersion = "9"
	if s.setVersion(&listed); s.version("u") != "9" || s.object("u", "9") != nil {
		t.Error("a version that was only listed counts as read")
	}
	if s.markPartial(again); !s.isPartial(again) || s.isPartial(rls) {
		t.Error("the wrong release is partial")
	}
	if _, _, err := s.decode(testObject("w", "1", "garbage")); err == nil || s.version("w") != "" {
		t.Errorf("garbage: %v", err)
	} else if _, is := errors.AsType[*UndecodableError](err); !is {
		t.Errorf("garbage: %v", err)
	}
}
