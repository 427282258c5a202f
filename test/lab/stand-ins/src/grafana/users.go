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
	"sync"
)

type account struct {
	ID    int    `json:"id"`
	Login string `json:"login"`
	Salt  string `json:"salt"`
	Hash  string `json:"hash"`
}

// content is what people made. The first account is the administrator's.
type content struct {
	Accounts   []account                 `json:"accounts"`
	Dashboards map[string]map[string]any `json:"dashboards"`
}

// database is one file. The server reads it at each log-in, for the command line changes it.
type database struct {
	mutex sync.Mutex
	path  string
}

// create makes the account at the first start; later the environment does not count, as upstream.
func (d *database) create(login, password string) error {
	_, err := d.read()
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return d.write(content{Accounts: []account{newAccount(1, login, password)}})
}

func newAccount(id int, login, password string) account {
	salt := make([]byte, 16)
	rand.Read(salt) // never fails: the runtime ends the program instead
	text := hex.EncodeToString(salt)
	return account{ID: id, Login: login, Salt: text, Hash: hash(text, password)}
}

func (d *database) read() (content, error) {
	var found content
	text, err := os.ReadFile(d.path)
	if err != nil {
		return found, err
	}
	return found, json.Unmarshal(text, &found)
}

func (d *database) write(all content) error {
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	if err := os.WriteFile(d.path+".new", text, 0o640); err != nil {
		return err
	}
	return os.Rename(d.path+".new", d.path)
}

func (d *database) change(how func(*content) error) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	all, err := d.read()
	if err != nil {
		return err
	}
	if err := how(&all); err != nil {
		return err
	}
	return d.write(all)
}

// reset gives the administrator a new password.
func (d *database) reset(password string) error {
	if len(password) < 4 {
		return errors.New("new password is too short")
	}
	return d.change(func(all *content) error {
		all.Accounts[0] = newAccount(1, all.Accounts[0].Login, password)
		return nil
	})
}

func (d *database) add(login, password string) error {
	return d.change(func(all *content) error {
		all.Accounts = append(all.Accounts, newAccount(len(all.Accounts)+1, login, password))
		return nil
	})
}

func (d *database) keep(uid string, model map[string]any) error {
	return d.change(func(all *content) error {
		if all.Dashboards == nil {
			all.Dashboards = map[string]map[string]any{}
		}
		all.Dashboards[uid] = model
		return nil
	})
}

func (d *database) check(login, password string) (account, bool) {
	all, err := d.read()
	if err != nil {
		return account{}, false
	}
	for _, one := range all.Accounts {
		if one.Login == login {
			return one, subtle.ConstantTimeCompare([]byte(hash(one.Salt, password)), []byte(one.Hash)) == 1
		}
	}
	return account{}, false
}

func hash(salt, password string) string {
	sum := sha256.Sum256([]byte(salt + password))
	return hex.EncodeToString(sum[:])
}

// runCLI knows "admin reset-admin-password": the new password as an argument, or on stdin.
func runCLI(d *database, args []string) error {
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
	if err := d.reset(password); err != nil {
		return err
	}
	_, err := os.Stdout.WriteString("\nAdmin password changed successfully ✔\n")
	return err
}
