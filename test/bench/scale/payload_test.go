//go:build bench

package scale

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
)

const (
	// recordBytes is how large a record is.
	recordBytes = 40 << 10
	// With more than one revision, those before the last of the first heavyApps are as large, and
	// lightBytes of the others: etcd holds no more than 2 GiB.
	heavyApps  = 2000
	lightBytes = 4 << 10
)

// payloads makes what is stored of a release, as Helm encodes it: gzip in base64.
type payloads struct{ release map[string]any }

// payloadsLike reads the payload that others are to be like.
func payloadsLike(payload []byte) (payloads, error) {
	packed, err := base64.StdEncoding.DecodeString(string(payload))
	if err != nil {
		return payloads{}, err
	}
	unpacker, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return payloads{}, err
	}
	text, err := io.ReadAll(unpacker)
	if err != nil {
		return payloads{}, err
	}
	var p payloads
	return p, json.Unmarshal(text, &p.release)
}

// of returns the payload of an app's revision, with values that do not compress, so that it is
// that large.
func (p payloads) of(a seeded, revision, size int) ([]byte, error) {
	release := make(map[string]any, len(p.release))
	for key, value := range p.release {
		release[key] = value
	}
	noise := make([]byte, max(0, size*3/4-2<<10))
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	release["name"], release["namespace"], release["version"] = a.release, a.namespace, revision
	release["config"] = map[string]any{"replicas": 0, "noise": base64.StdEncoding.EncodeToString(noise)}
	text, err := json.Marshal(release)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	packer, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := packer.Write(text); err != nil {
		return nil, err
	}
	if err := packer.Close(); err != nil {
		return nil, fmt.Errorf("pack a release: %w", err)
	}
	return []byte(base64.StdEncoding.EncodeToString(packed.Bytes())), nil
}
