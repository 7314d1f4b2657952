package record

import (
	"sync"

	"helm.sh/helm/v3/pkg/release"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/secrets"
)

// snapshots holds the versions of the records that a run has read or written. The
// Store and the Drivers of a run share it. It is safe for concurrent use.
type snapshots struct {
	mu sync.Mutex
	// origins holds, for each release that was decoded or written, the object
	// that it is stored in. Compare-and-swap binds to the pointer and not to the
	// key: Helm lists the history again between reading a release and updating
	// it, so the version that was read last is not the one that is updated.
	origins map[*release.Release]*object
	// partial holds the releases that were made from metadata alone.
	partial map[*release.Release]bool
	// objects holds each record as it was last read or written, by UID. It need
	// not be read again while a list shows the same version.
	objects map[types.UID]*object
	// versions holds each record's resourceVersion as it was last listed, read or
	// written, by UID.
	versions map[types.UID]string
	// mask is told what is secret in each release that is decoded: Helm and older
	// versions of Berth quote it in descriptions, which the next run reports.
	mask      *secrets.Mask
	sensitive *manifest.Sensitive
}

func newSnapshots(mask *secrets.Mask) *snapshots {
	return &snapshots{
		mask: mask, sensitive: manifest.NewSensitive(mask),
		origins:  make(map[*release.Release]*object),
		partial:  make(map[*release.Release]bool),
		objects:  make(map[types.UID]*object),
		versions: make(map[types.UID]string),
	}
}

// decode returns the payload's JSON and the release in it, which it binds to the
// object. The error is an *UndecodableError, or a *MisplacedError for a payload that
// does not belong where it is stored.
func (s *snapshots) decode(obj *object) ([]byte, *release.Release, error) {
	raw, rls, err := decode(obj.Payload)
	if err != nil {
		return nil, nil, &UndecodableError{Key: obj.Name, Err: err}
	}
	if err := checkPlace(&obj.ObjectMeta, rls); err != nil {
		return nil, nil, err
	}
	s.bind(rls, obj)
	s.tell(rls)
	return raw, rls, nil
}

// tell tells the mask what is secret in a release.
func (s *snapshots) tell(rls *release.Release) {
	if s.mask == nil {
		return
	}
	s.mask.Find(secrets.InValues(rls.Config)...)
	s.sensitive.Text(rls.Manifest)
	for _, hook := range rls.Hooks {
		if hook != nil {
			s.sensitive.Text(hook.Manifest)
		}
	}
}

// bind notes the object that a release was read from or written to.
func (s *snapshots) bind(rls *release.Release, obj *object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.origins[rls] = obj
	s.objects[obj.UID] = obj
	s.versions[obj.UID] = obj.ResourceVersion
}

// origin returns the object that a release is stored in under key, or nil when it
// is not known.
func (s *snapshots) origin(rls *release.Release, key string) *object {
	s.mu.Lock()
	defer s.mu.Unlock()
	if obj := s.origins[rls]; obj != nil && obj.Name == key {
		return obj
	}
	return nil
}

// object returns a record in this version, or nil when that is not known.
func (s *snapshots) object(uid types.UID, version string) *object {
	s.mu.Lock()
	defer s.mu.Unlock()
	if obj := s.objects[uid]; obj != nil && obj.ResourceVersion == version {
		return obj
	}
	return nil
}

// markPartial notes that a release was made from metadata alone.
func (s *snapshots) markPartial(rls *release.Release) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.partial[rls] = true
}

func (s *snapshots) isPartial(rls *release.Release) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.partial[rls]
}

// setVersion notes the resourceVersion in which a record was listed or read.
func (s *snapshots) setVersion(meta *metav1.ObjectMeta) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions[meta.UID] = meta.ResourceVersion
}

// version returns the resourceVersion in which a record was last listed, read or
// written, or "".
func (s *snapshots) version(uid string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.versions[types.UID(uid)]
}
