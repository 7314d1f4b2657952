package record

import (
	"sync"

	"helm.sh/helm/v3/pkg/release"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// memory is what a run's views of its store know in common.
type memory struct {
	mu sync.Mutex
	// handed holds, for each release that the store handed out or wrote, the
	// object it came from. Compare-and-swap binds to the pointer, not to the
	// key: Helm reads the history again between reading a release and
	// updating it, so the newest version read is not the one updated.
	handed map[*release.Release]*object
	// outlines are the releases that were handed out without their content.
	outlines map[*release.Release]bool
	// latest holds the records as last read or written. One that is listed in
	// the same version need not be fetched again.
	latest map[types.UID]*object
	// versions are the resourceVersions of records as last listed, loaded or
	// written, by UID.
	versions map[types.UID]string
	listed   map[string]listing // by release, as last listed
	audit    []entry
}

func newMemory() *memory {
	return &memory{
		handed:   make(map[*release.Release]*object),
		outlines: make(map[*release.Release]bool),
		latest:   make(map[types.UID]*object),
		versions: make(map[types.UID]string),
		listed:   make(map[string]listing),
	}
}

// remember binds a release to the object that it was read from or written to.
func (m *memory) remember(rls *release.Release, obj *object) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.handed[rls] = obj
	m.latest[obj.UID] = obj
	m.versions[obj.UID] = obj.ResourceVersion
}

// recall is a record in this version, nil when it is not known in it.
func (m *memory) recall(uid types.UID, version string) *object {
	m.mu.Lock()
	defer m.mu.Unlock()
	if obj := m.latest[uid]; obj != nil && obj.ResourceVersion == version {
		return obj
	}
	return nil
}

// AsListed says that a record was loaded in the version in which it was last
// listed.
func (m *memory) AsListed(l *Loaded) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, found := range m.listed {
		if found.records[string(l.obj.UID)] == l.obj.ResourceVersion {
			return true
		}
	}
	return false
}

// outlined notes that a release is but an outline.
func (m *memory) outlined(rls *release.Release) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.outlines[rls] = true
}

// isOutline says that a release was handed out without its content.
func (m *memory) isOutline(rls *release.Release) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.outlines[rls]
}

// saw notes which version of a record is known.
func (m *memory) saw(meta *metav1.ObjectMeta) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.versions[meta.UID] = meta.ResourceVersion
}

// version is the version in which a record is known; "" when it is not.
func (m *memory) version(uid string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.versions[types.UID(uid)]
}

// origin is the object that a release came from, nil when it is not known.
func (m *memory) origin(rls *release.Release, key string) *object {
	m.mu.Lock()
	defer m.mu.Unlock()
	if obj := m.handed[rls]; obj != nil && obj.Name == key {
		return obj
	}
	return nil
}
