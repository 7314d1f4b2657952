package facts

import "time"

// Deletion is what an object says of its own deletion, which has begun and has not ended.
type Deletion struct {
	Since      time.Time // when it was asked for; zero: it does not say
	Finalizers []string
	Controller string   // the object that controls it, as Kind/name; empty: none does
	Writers    []string // who has written a finalizer that is there, as managedFields name them; untrusted text
	ManagedBy  string   // the label app.kubernetes.io/managed-by; untrusted text
}

// Blocker is an object of which the deletion has begun and has not ended.
type Blocker struct {
	Resident
	Deletion
	UID      string
	Version  string // resourceVersion, as it was read
	Resource string // its kind in the plural, as paths have it
}

// Going is what is still there of what is being deleted.
type Going struct {
	Blockers []Blocker
	More     int      // of the same kinds, beyond those that were read
	Unread   []string // what could not be looked at, and why
}

// Rollback is how a stored revision is applied anew.
type Rollback struct {
	To int // the revision
	// Within says that it is done only where all that it makes, hooks included, is in the release's own
	// namespace. Whoever may write its records could else have anything made elsewhere by whoever repairs it.
	Within bool
}

// Uninstall says how the objects of a release are to be deleted.
type Uninstall struct {
	// Pods says that an object is gone when its pods are. Else these are left to end by
	// themselves: their namespace goes next, and waits for them. It takes along claims, too, which
	// PersistentVolumes of the release may be waiting for: so nobody waits for these before.
	Pods bool
	// SkipFailedHooks says that a hook which fails does not keep the rest from going.
	SkipFailedHooks bool
	// HooksWithin says that hooks are run only where all of them are in the release's own namespace. Whoever
	// may write its record could else have anything made elsewhere by whoever runs them.
	HooksWithin bool
	// Deleted is told which objects this run has deleted, as they were, before it waits for
	// them. Another goroutine calls it. Nil: nobody wants to know.
	Deleted func([]Object)
}
