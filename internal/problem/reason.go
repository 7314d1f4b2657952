package problem

// ExitReason is how a run ended. Only internal/cli maps it to an exit code.
type ExitReason string

// Every way a run can end.
const (
	Consistent           ExitReason = "consistent"
	Internal             ExitReason = "internal-error"
	PermissionMissing    ExitReason = "permission-missing"
	LiveOperation        ExitReason = "live-operation"
	LivenessUnknown      ExitReason = "live-or-dead-unknown"
	DeployFailed         ExitReason = "deploy-failed"
	Inconsistent         ExitReason = "inconsistent"
	RepairFailed         ExitReason = "repair-failed"
	Unanswered           ExitReason = "api-server-unanswered"
	Foreign              ExitReason = "belongs-to-another"
	NamespaceTerminating ExitReason = "namespace-terminating"
	RecordUnreadable     ExitReason = "record-unreadable"
	ChartInvalid         ExitReason = "chart-invalid"
	ProbeFailed          ExitReason = "probe-failed"
	SweepIncomplete      ExitReason = "sweep-incomplete"
	NotFound             ExitReason = "no-such-release"
	WrongInput           ExitReason = "wrong-input"
	Interrupted          ExitReason = "interrupted"
	Terminated           ExitReason = "terminated"
	HungUp               ExitReason = "hung-up"
	NothingToDo          ExitReason = "nothing-to-do"
)
