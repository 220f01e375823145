//go:build !unix

package main

import (
	"context"
	"os/exec"
)

// shell runs a command line.
func shell(ctx context.Context, command string) *exec.Cmd {
	return exec.CommandContext(ctx, "cmd", "/C", command)
}

func terminate(cmd *exec.Cmd) error { return cmd.Process.Kill() }

func kill(*exec.Cmd) {}
