//go:build dryrun

// Package dryrun builds a release of the last commit twice, in two folders, and holds
// what was built against what a release promises. It needs no account: the registry is
// one on loopback, the base a stand-in, the key one that is made for the run.
//
// FAST=1 builds for this machine's platform alone, as a part of make test.
package dryrun

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// version is what the release is called. No tag is made of it but in a clone.
const version = "v0.0.1-dryrun"

// notProven is what no machine without an account can show.
var notProven = []string{
	"that the runner's own identity signs the image and the checksums (keyless, by GitHub's OIDC issuer), and that the log of signatures takes it",
	"provenance by actions/attest, and that gh attestation verify finds it",
	"that ghcr.io takes the push, and shows the lists of contents beside the image",
	"that the base, busybox by the digest in release/base/Dockerfile, is an index for both architectures: here a stand-in is used",
	"the Homebrew formula, beyond its text: there is no brew here",
	"macOS and Windows: their programs are built and looked at, and not run",
	"hosted runners: the emulators are evidence, and no proof",
}

func TestDryRun(t *testing.T) {
	w := newWorld(t)
	t.Run("Twice", w.testTwice)
	t.Run("Checksums", w.testChecksums)
	t.Run("Archives", w.testArchives)
	t.Run("Programs", w.testPrograms)
	t.Run("Lists", w.testLists)
	t.Run("Packages", w.testPackages)
	t.Run("Registry", w.testRegistry)
	t.Run("Container", w.testContainer)
	t.Run("Pinned", w.testPinned)
	if !fast {
		t.Run("Start", w.testStart)
		t.Run("HelmPlugin", w.testHelmPlugin)
		t.Run("Krew", w.testKrew)
		t.Run("Signatures", w.testSignatures)
		t.Run("Runners", w.testRunners)
	}
	for _, what := range notProven {
		t.Log("not proven here: ", what)
	}
	if fast {
		t.Log("not built here: other platforms than this machine's; make release-dry-run builds them, and signs")
	}
}

var fast bool

func TestMain(m *testing.M) {
	flag.Parse()
	fast = os.Getenv("FAST") != ""
	if testing.Short() {
		fmt.Fprintln(os.Stderr, "a dry run has no short form: take FAST=1")
		os.Exit(1)
	}
	os.Exit(m.Run())
}
