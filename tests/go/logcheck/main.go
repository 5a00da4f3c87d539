// Logcheck reads a register folder with golang.org/x/mod/sumdb, which shares no line with Sightline: it opens the signed
// checkpoint, authenticates every tile it reads against the root, and compares one inclusion proof hash by hash.
//
// Usage: logcheck FOLDER VKEY INDEX PROOF. It prints the size and the root, or why not, and ends with 1.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// folder gives tiles as x/mod asks for them. Its paths name the tile height, those of C2SP tlog-tiles do not.
type folder string

func (f folder) Height() int { return 8 }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(string(f), "tile", strings.TrimPrefix(tile.Path(), "tile/8/")))
		if err != nil {
			return nil, err
		}
		read = append(read, data)
	}
	return read, nil
}

// tree opens the checkpoint. tlog.ParseTree knows only one log's origin, so the three lines are read here.
func tree(dir, vkey string) (tlog.Tree, error) {
	var none tlog.Tree
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return none, err
	}
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return none, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return none, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return none, fmt.Errorf("not the checkpoint of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return none, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return none, fmt.Errorf("the root is malformed")
	}
	return tlog.Tree{N: size, Hash: tlog.Hash(root)}, nil
}

// entry reads one record of the bundle that the tree's size implies.
func entry(dir string, index, size int64) ([]byte, error) {
	tile := tlog.TileForIndex(8, tlog.StoredHashIndex(0, index))
	if width := size - tile.N*256; width < 256 {
		tile.W = int(width)
	} else {
		tile.W = 256
	}
	path := strings.TrimPrefix(tile.Path(), "tile/8/0/")
	data, err := os.ReadFile(filepath.Join(dir, "tile", "entries", path))
	for at := index % 256; err == nil; at-- {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("the bundle is cut short")
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		if at == 0 {
			return data[2:end], nil
		}
		data = data[end:]
	}
	return nil, err
}

// written gives the hashes of a .tlog-proof, which stand between its index line and the first blank line.
func written(path string, index int64) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	head, _, _ := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || lines[1] != fmt.Sprintf("index %d", index) {
		return nil, fmt.Errorf("not a proof of leaf %d", index)
	}
	return lines[2:], nil
}

func check(dir, vkey, number, proofPath string) error {
	head, err := tree(dir, vkey)
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveRecord(head.N, index, tlog.TileHashReader(head, folder(dir)))
	if err != nil {
		return err
	}
	body, err := entry(dir, index, head.N)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(proof, head.N, head.Hash, index, tlog.RecordHash(body)); err != nil {
		return err
	}
	ours, err := written(proofPath, index)
	if err != nil {
		return err
	}
	var theirs []string
	for _, hash := range proof {
		theirs = append(theirs, hash.String())
	}
	if strings.Join(ours, "\n") != strings.Join(theirs, "\n") {
		return fmt.Errorf("the proof of leaf %d is another", index)
	}
	fmt.Println(head.N, head.Hash)
	return nil
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: logcheck FOLDER VKEY INDEX PROOF")
		os.Exit(2)
	}
	if err := check(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
