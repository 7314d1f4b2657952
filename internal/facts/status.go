package facts

// Status is the state of one revision of a release. Helm stores it twice, in
// the record's label and in its payload, and the two can disagree.
type Status string

// The statuses that Helm writes.
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

// Pending returns whether the status is that of an install, upgrade or rollback that
// has not recorded its end.
func (s Status) Pending() bool {
	switch s {
	case StatusPendingInstall, StatusPendingUpgrade, StatusPendingRollback:
		return true
	case StatusUnknown, StatusDeployed, StatusSuperseded, StatusFailed, StatusUninstalled, StatusUninstalling:
		return false
	}
	return false
}

// Unfinished returns whether an operation may still be running: one that is pending,
// an uninstall, or one of unknown status.
func (s Status) Unfinished() bool {
	return s.Pending() || s == StatusUninstalling || s == StatusUnknown
}
