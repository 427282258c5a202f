package lab.fittoring;

import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Profile;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

@RestController
@Profile("!payments")
class Mentorings {
    private static final Logger log = LoggerFactory.getLogger(Mentorings.class);

    private final JdbcTemplate jdbc;
    private final RestClient payments;

    /** Only the builder that Boot made hands the trace on to the service that is called. */
    Mentorings(JdbcTemplate jdbc, RestClient.Builder builder, @Value("${lab.payments}") String payments) {
        this.jdbc = jdbc;
        this.payments = builder.baseUrl(payments).build();
    }

    @GetMapping("/mentorings")
    List<Map<String, Object>> all() {
        List<Map<String, Object>> found = jdbc.queryForList("SELECT id, title, price FROM mentoring");
        log.info("{} mentorings", found.size());
        return found;
    }

    @GetMapping("/mentorings/{id}")
    Map<String, Object> one(@PathVariable int id) {
        return jdbc.queryForMap("SELECT id, title, price FROM mentoring WHERE id = ?", id);
    }

    /** Takes longer than a second. */
    @GetMapping("/reports")
    Map<String, Object> report() throws InterruptedException {
        Thread.sleep(1200);
        log.warn("the report took long");
        return jdbc.queryForMap("SELECT count(*) AS reservations, sum(amount) AS amount FROM reservation");
    }

    @PostMapping("/reservations/{id}")
    Map<String, Object> reserve(@PathVariable int id) {
        Map<?, ?> paid = payments.post().uri("/payments/{id}", id).retrieve().body(Map.class);
        jdbc.update("INSERT INTO reservation (mentoring_id, amount) VALUES (?, ?)", id, paid.get("amount"));
        log.info("mentoring {} is \"reserved\"", id);
        return Map.of("mentoring", id, "amount", paid.get("amount"));
    }

    @PatchMapping("/reservations/{id}/approval")
    void approve(@PathVariable int id) {
        jdbc.queryForList("SELECT id FROM reservation WHERE id = ?", id);
        throw new IllegalStateException("reservation " + id + " is already approved");
    }

    /** The failure is handled: the request's span has no error, only its status says so. */
    @ExceptionHandler
    ResponseEntity<Map<String, String>> failed(IllegalStateException failure) {
        log.error("unhandled_exception", failure);
        return ResponseEntity.internalServerError().body(Map.of("message", failure.getMessage()));
    }
}
