// Reads and writes transparency logs with Go's own packages, for tests/tlog/test_go.py.
//
//	gotlog check LOG VKEY KEYFILE   opens the checkpoint, reads all records through hash
//	                                tiles, proves some of them, and signs the checkpoint again
//	gotlog write LOG KEYFILE N      writes a log of N entries
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// height is the number of tree levels of a tile.
const height = 8

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// path returns the path of a tile in C2SP tlog-tiles: that of Go without the height.
func path(tile tlog.Tile) string {
	if tile.L == -1 {
		return strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/data/", tile.H), "tile/entries/", 1)
	}
	return strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tile.H), "tile/", 1)
}

type reader struct {
	log  string
	read int
}

func (r *reader) Height() int                                  { return height }
func (r *reader) SaveTiles(tiles []tlog.Tile, data [][]byte) {}
func (r *reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(r.log, path(tile)))
		if err != nil {
			return nil, err
		}
		r.read++
		found = append(found, data)
	}
	return found, nil
}

// checkpoint returns the tree of a checkpoint's text.
func checkpoint(text string) tlog.Tree {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		fail(fmt.Errorf("malformed checkpoint"))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	fail(err)
	root, err := tlog.ParseHash(lines[2])
	fail(err)
	return tlog.Tree{N: size, Hash: root}
}

// entries returns the entries of all bundles.
func entries(log string, size int64) [][]byte {
	var found [][]byte
	for n := int64(0); n*256 < size; n++ {
		width := size - n*256
		if width > 256 {
			width = 256
		}
		data, err := os.ReadFile(filepath.Join(log, path(tlog.Tile{H: height, L: -1, N: n, W: int(width)})))
		fail(err)
		for len(data) > 0 {
			length := int(binary.BigEndian.Uint16(data))
			found = append(found, data[2:2+length])
			data = data[2+length:]
		}
	}
	return found
}

func signer(file string) note.Signer {
	text, err := os.ReadFile(file)
	fail(err)
	key, err := note.NewSigner(strings.TrimSpace(string(text)))
	fail(err)
	return key
}

func check(log, vkey, keyFile string) {
	content, err := os.ReadFile(filepath.Join(log, "checkpoint"))
	fail(err)
	verifier, err := note.NewVerifier(vkey)
	fail(err)
	opened, err := note.Open(content, note.VerifierList(verifier))
	fail(err)
	tree := checkpoint(opened.Text)
	records := entries(log, tree.N)
	if int64(len(records)) != tree.N {
		fail(fmt.Errorf("%d entries instead of %d", len(records), tree.N))
	}
	r := &reader{log: log}
	hashes := tlog.TileHashReader(tree, r)
	step := tree.N/40 + 1
	for index := int64(0); index < tree.N; index += step {
		proof, err := tlog.ProveRecord(tree.N, index, hashes)
		fail(err)
		fail(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(records[index])))
	}
	for old := int64(1); old <= tree.N; old += step {
		oldRoot, err := tlog.TreeHash(old, hashes)
		fail(err)
		proof, err := tlog.ProveTree(tree.N, old, hashes)
		fail(err)
		fail(tlog.CheckTree(proof, tree.N, tree.Hash, old, oldRoot))
	}
	// All leaves are those of the tree: the root from the entries themselves.
	var stored []tlog.Hash
	inMemory := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	for index, record := range records {
		added, err := tlog.StoredHashes(int64(index), record, inMemory)
		fail(err)
		stored = append(stored, added...)
	}
	root, err := tlog.TreeHash(tree.N, inMemory)
	fail(err)
	if root != tree.Hash {
		fail(fmt.Errorf("the entries have another root"))
	}
	signed, err := note.Sign(&note.Note{Text: opened.Text}, signer(keyFile))
	fail(err)
	if !bytes.Equal(signed, content) {
		fail(fmt.Errorf("the signed checkpoint differs"))
	}
	fmt.Printf("accepted %d entries\n", tree.N)
}

func save(log, name string, data []byte) {
	file := filepath.Join(log, name)
	fail(os.MkdirAll(filepath.Dir(file), 0o777))
	fail(os.WriteFile(file, data, 0o666))
}

func write(log, keyFile string, size int64) {
	key := signer(keyFile)
	var stored []tlog.Hash
	hashes := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	bundle := map[int64][]byte{}
	for index := int64(0); index < size; index++ {
		record := []byte(fmt.Sprintf(
			"wheelhouse-hashes/v1\nfile demo-1.%d-py3-none-any.whl\nsha256 %064x\n", index, index))
		added, err := tlog.StoredHashes(index, record, hashes)
		fail(err)
		stored = append(stored, added...)
		var length [2]byte
		binary.BigEndian.PutUint16(length[:], uint16(len(record)))
		bundle[index/256] = append(append(bundle[index/256], length[:]...), record...)
	}
	for n, data := range bundle {
		width := size - n*256
		if width > 256 {
			width = 256
		}
		save(log, path(tlog.Tile{H: height, L: -1, N: n, W: int(width)}), data)
	}
	for _, tile := range tlog.NewTiles(height, 0, size) {
		data, err := tlog.ReadTileData(tile, hashes)
		fail(err)
		save(log, path(tile), data)
	}
	root, err := tlog.TreeHash(size, hashes)
	fail(err)
	text := fmt.Sprintf("%s\n%d\n%s\n", key.Name(), size, root)
	signed, err := note.Sign(&note.Note{Text: text}, key)
	fail(err)
	save(log, "checkpoint", signed)
}

func main() {
	switch os.Args[1] {
	case "check":
		check(os.Args[2], os.Args[3], os.Args[4])
	case "write":
		size, err := strconv.ParseInt(os.Args[4], 10, 64)
		fail(err)
		write(os.Args[2], os.Args[3], size)
	}
}
