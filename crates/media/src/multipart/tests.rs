use proptest::prelude::*;

use super::*;

const TYPE: &str = "multipart/form-data; boundary=XYZ";

/// All events of a body that comes in chunks of this size, the bytes of a part joined.
fn read(body: &[u8], chunk: usize) -> Result<Vec<Event>, MultipartError> {
    let mut multipart = Multipart::new(TYPE).unwrap();
    let mut events = Vec::new();
    let mut data: Vec<u8> = Vec::new();
    for chunk in body.chunks(chunk.max(1)) {
        multipart.push(chunk);
        while let Some(event) = multipart.next()? {
            match event {
                Event::Data(bytes) => data.extend_from_slice(&bytes),
                Event::PartEnd => {
                    events.extend([Event::Data(std::mem::take(&mut data).into()), Event::PartEnd])
                }
                Event::End => break,
                part => events.push(part),
            }
        }
    }
    multipart.finish()?;
    Ok(events)
}

fn body(head: &str, data: &[u8]) -> Vec<u8> {
    [b"--XYZ\r\n", head.as_bytes(), b"\r\n\r\n", data, b"\r\n--XYZ--\r\n"].concat()
}

#[test]
fn a_part_is_read_with_its_names() {
    let head = "Content-Disposition: form-data; name=\"file\"; filename=\"a;b=%22c\\\"d\\e.png\"\r\ncontent-type: image/png";
    let events = read(&body(head, b"\r\n--XY\r\n"), 7).unwrap();
    let part = Part {
        name: "file".to_owned(),
        file_name: Some("a;b=\"c\"d\\e.png".to_owned()),
        content_type: Some("image/png".to_owned()),
    };
    assert_eq!(events, [Event::Part(part), Event::Data(Bytes::from_static(b"\r\n--XY\r\n")), Event::PartEnd]);
}

#[test]
fn what_is_no_form_is_refused() {
    let disposition = "Content-Disposition: form-data; name=\"file\"";
    for (body, error) in [
        (b"".to_vec(), MultipartError::Truncated),
        (b"--XYZ".to_vec(), MultipartError::Truncated),
        (b"--XYZ\r\n".to_vec(), MultipartError::Truncated),
        (b"hello".to_vec(), MultipartError::Malformed),
        (b"--XYZzz\r\n".to_vec(), MultipartError::Malformed),
        (body("", b"x"), MultipartError::Malformed),
        (body("Content-Type: image/png", b"x"), MultipartError::Malformed),
        (body("Content-Disposition: attachment; name=\"file\"", b"x"), MultipartError::Malformed),
        (body("Content-Disposition: form-data; name=\"file", b"x"), MultipartError::Malformed),
        (body(&format!("{disposition}\r\n{disposition}"), b"x"), MultipartError::Malformed),
        (body(&format!("{disposition}; x={}", "y".repeat(5000)), b"x"), MultipartError::Head),
        (format!("--XYZ\r\n{}", "y".repeat(5000)).into_bytes(), MultipartError::Head),
        (
            [b"--XYZ\r\n".as_slice(), disposition.as_bytes(), b"; filename=\"\xff\"\r\n\r\n"].concat(),
            MultipartError::Encoding,
        ),
        (body(disposition, b"x")[..60].to_vec(), MultipartError::Truncated),
    ] {
        assert_eq!(read(&body, 16), Err(error), "{}", String::from_utf8_lossy(&body));
    }
    for bad in ["multipart/form-data", "text/plain; boundary=x", "multipart/form-data; boundary=", "x", ""] {
        assert!(Multipart::new(bad).is_err(), "{bad}");
    }
    assert!(Multipart::new(&format!("multipart/form-data; boundary={}", "x".repeat(71))).is_err());
    assert!(Multipart::new("Multipart/Form-Data; charset=utf-8; boundary=\"a b\"").is_ok());
}

#[test]
fn no_more_is_held_back_than_a_head() {
    let mut multipart = Multipart::new(TYPE).unwrap();
    multipart.push(b"--XYZ\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n");
    for _ in 0..100 {
        multipart.push(&[b'x'; 10_000]);
        while multipart.next().unwrap().is_some() {}
        assert!(multipart.buffer.len() < 16);
    }
}

proptest! {
    #[test]
    fn chunks_do_not_matter(data in prop::collection::vec(prop::sample::select(b"\r\n-XYZab".to_vec()), 0..200), chunk in 1usize..40) {
        prop_assume!(memchr::memmem::find(&data, b"\r\n--XYZ").is_none());
        let body = body("Content-Disposition: form-data; name=\"file\"", &data);
        let events = read(&body, chunk).unwrap();
        prop_assert_eq!(&events[1], &Event::Data(data.into()));
    }

    #[test]
    fn nothing_panics(body in prop::collection::vec(any::<u8>(), 0..300), chunk in 1usize..40) {
        drop(read(&body, chunk));
        drop(read(&[b"--XYZ\r\n", body.as_slice()].concat(), chunk));
    }
}
