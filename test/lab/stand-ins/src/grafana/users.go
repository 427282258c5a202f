package main

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
)

type account struct {
	ID    int    `json:"id"`
	Login string `json:"login"`
	Salt  string `json:"salt"`
	Hash  string `json:"hash"`
}

// users is a database of one account. The server reads it at each log-in, for the command line changes it.
type users struct {
	path string
}

// create makes the account at the first start; later the environment does not count, as upstream.
func (u *users) create(login, password string) error {
	_, err := u.read()
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return u.write(account{ID: 1, Login: login}, password)
}

func (u *users) read() (account, error) {
	var found account
	text, err := os.ReadFile(u.path)
	if err != nil {
		return found, err
	}
	return found, json.Unmarshal(text, &found)
}

func (u *users) write(owner account, password string) error {
	salt := make([]byte, 16)
	rand.Read(salt) // never fails: the runtime ends the program instead
	owner.Salt = hex.EncodeToString(salt)
	owner.Hash = hash(owner.Salt, password)
	text, err := json.Marshal(owner)
	if err != nil {
		return err
	}
	if err := os.WriteFile(u.path+".new", text, 0o640); err != nil {
		return err
	}
	return os.Rename(u.path+".new", u.path)
}

func (u *users) reset(password string) error {
	if len(password) < 4 {
		return errors.New("new password is too short")
	}
	owner, err := u.read()
	if err != nil {
		return err
	}
	return u.write(owner, password)
}

func (u *users) check(login, password string) (account, bool) {
	owner, err := u.read()
	if err != nil || owner.Login != login {
		return owner, false
	}
	return owner, subtle.ConstantTimeCompare([]byte(hash(owner.Salt, password)), []byte(owner.Hash)) == 1
}

func hash(salt, password string) string {
	sum := sha256.Sum256([]byte(salt + password))
	return hex.EncodeToString(sum[:])
}

// runCLI knows "admin reset-admin-password": the new password as an argument, or on stdin.
func runCLI(u *users, args []string) error {
	var words []string
	fromStdin := false
	for i := 0; i < len(args); i++ {
		switch name := strings.TrimLeft(args[i], "-"); {
		case name == args[i]:
			words = append(words, name)
		case name == "password-from-stdin":
			fromStdin = true
		case name == "user-id" || name == "homepath" || name == "config":
			i++
		}
	}
	if len(words) < 2 || words[0] != "admin" || words[1] != "reset-admin-password" {
		return errors.New("the stand-in knows only: cli admin reset-admin-password")
	}
	password := ""
	if fromStdin {
		lines := bufio.NewScanner(os.Stdin)
		lines.Scan()
		password = lines.Text()
	} else if len(words) > 2 {
		password = words[2]
	}
	if err := u.reset(password); err != nil {
		return err
	}
	_, err := os.Stdout.WriteString("\nAdmin password changed successfully ✔\n")
	return err
}
