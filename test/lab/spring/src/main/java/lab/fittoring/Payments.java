package lab.fittoring;

import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Profile;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Profile("payments")
class Payments {
    private static final Logger log = LoggerFactory.getLogger(Payments.class);

    private final JdbcTemplate jdbc;

    Payments(JdbcTemplate jdbc) {
        this.jdbc = jdbc;
    }

    @PostMapping("/payments/{id}")
    Map<String, Object> pay(@PathVariable int id) {
        Integer price = jdbc.queryForObject("SELECT price FROM mentoring WHERE id = ?", Integer.class, id);
        log.info("{} paid for mentoring {}", price, id);
        return Map.of("amount", price);
    }
}
