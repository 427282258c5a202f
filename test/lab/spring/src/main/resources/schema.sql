CREATE TABLE IF NOT EXISTS mentoring (id INT PRIMARY KEY, title VARCHAR(80) NOT NULL, price INT NOT NULL);
CREATE TABLE IF NOT EXISTS reservation (id IDENTITY PRIMARY KEY, mentoring_id INT NOT NULL, amount INT NOT NULL);
MERGE INTO mentoring KEY (id) VALUES (1, 'Java', 40000), (2, 'Spring', 50000), (3, 'Databases', 45000);
