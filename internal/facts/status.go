package facts

// Status is the state of one revision of a release. Helm stores it twice, in
// the record's label and in its payload, and the two can disagree.
type Status string

// The statuses Helm writes. IsPending in Helm leaves uninstalling out; Berth
// models it explicitly.
const (
	StatusUnknown         Status = "unknown"
	StatusDeployed        Status = "deployed"
	StatusSuperseded      Status = "superseded"
	StatusFailed          Status = "failed"
	StatusUninstalled     Status = "uninstalled"
	StatusUninstalling    Status = "uninstalling"
	StatusPendingInstall  Status = "pending-install"
	StatusPendingUpgrade  Status = "pending-upgrade"
	StatusPendingRollback Status = "pending-rollback"
)

// Pending says that an operation began and has not recorded its end.
func (s Status) Pending() bool {
	switch s {
	case StatusPendingInstall, StatusPendingUpgrade, StatusPendingRollback:
		return true
	case StatusUnknown, StatusDeployed, StatusSuperseded, StatusFailed, StatusUninstalled, StatusUninstalling:
		return false
	}
	return false
}

// Unfinished says that an operation may still be at work on the release.
func (s Status) Unfinished() bool {
	return s.Pending() || s == StatusUninstalling || s == StatusUnknown
}
