//go:build !linux

package app

func forgetProgram() {}
