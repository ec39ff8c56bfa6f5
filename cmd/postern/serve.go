package main

import (
	"context"
	"errors"
)

func serve(context.Context, Config, *world) error { return errors.New("serve: not wired yet") }

func demo(context.Context, *world, bool) error { return errors.New("demo: not wired yet") }
