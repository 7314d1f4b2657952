package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// updateSecrets is what the pipeline's account lacks.
var updateSecrets = []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"update"}}}

func repairStuck(ctx context.Context, d *demo) error {
	if err := d.stuck.account.grant(ctx, "record", updateSecrets); err != nil {
		return err
	}
	d.fact("Role/record", "update secrets, granted to %s", deployer)
	if _, err := d.run(ctx, "check", d.stuck.namespace, d.stuck.account, []int{22, 24}, "--check-timeout", "2s"); err != nil {
		return err
	}
	repaired, err := d.run(ctx, "repair", d.stuck.namespace, d.stuck.account, []int{0}, "--on-stuck", "promote", "--assume-dead-after", "1s")
	if err != nil {
		return err
	}
	if d.summary = repaired.summary; repaired.Repair != "promote" {
		return fmt.Errorf("the repair was %q, but it should be promote", repaired.Repair)
	}
	if err := d.showRecord(ctx, d.stuck.namespace, "deployed"); err != nil {
		return err
	}
	after, err := d.cluster.webPods(ctx, d.stuck.namespace)
	if err != nil {
		return err
	}
	if !maps.Equal(d.before, after) {
		return fmt.Errorf("the repair replaced pods: before %v, after %v", d.before, after)
	}
	d.showPods(after, " as before")
	return nil
}

func preventStuck(ctx context.Context, d *demo) error {
	at, err := d.makeTenant(ctx, "denied", "get", "list", "create")
	if err != nil {
		return err
	}
	denied, err := d.run(ctx, "deploy", at.namespace, at.account, []int{20}, append(d.deployFlags(), "--rbac-wait", "1s")...)
	if err != nil {
		return err
	}
	if !strings.Contains(denied.RBAC, "update") {
		return errors.New("no RBAC that grants update was printed by Berth")
	}
	made, err := d.cluster.created(ctx, at.namespace)
	if err != nil {
		return err
	}
	if len(made) > 0 {
		return fmt.Errorf("the refused deploy made %v", made)
	}
	d.fact("Made in the namespace", "nothing: no record, no Lease, no object")
	objects, err := parse(denied.RBAC)
	if err != nil {
		return err
	}
	if err := at.account.apply(ctx, objects...); err != nil {
		return err
	}
	d.fact("Applied", "what Berth printed, as it is")
	_, err = d.run(ctx, "deploy", at.namespace, at.account, []int{0}, d.deployFlags()...)
	return err
}
