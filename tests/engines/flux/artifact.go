package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fluxcd/pkg/oci"
	"github.com/google/go-containerregistry/pkg/crane"
)

func client() *oci.Client {
	return oci.NewClient(append(oci.DefaultOptions(), crane.Insecure))
}

// push does what `flux push artifact --reproducible` does, and prints the digest's address.
func push(ctx context.Context, args []string) error {
	if len(args) != 4 {
		return errors.New("push: want URL FOLDER SOURCE REVISION")
	}
	url, err := oci.ParseArtifactURL(args[0])
	if err != nil {
		return err
	}
	digest, err := client().Push(ctx, url, args[1], oci.WithPushMetadata(oci.Metadata{
		Created:  time.Unix(0, 0).UTC().Format(time.RFC3339),
		Source:   args[2],
		Revision: args[3],
	}))
	if err != nil {
		return fmt.Errorf("pushing artifact failed: %w", err)
	}
	fmt.Println(digest)
	return nil
}

// pull unpacks an artifact, and prints what its manifest says of it.
func pull(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("pull: want URL FOLDER")
	}
	url, err := oci.ParseArtifactURL(args[0])
	if err != nil {
		return err
	}
	meta, err := client().Pull(ctx, url, args[1])
	if err != nil {
		return err
	}
	fmt.Printf("%s\n%s\n%s\n", meta.Digest, meta.Source, meta.Revision)
	return nil
}
