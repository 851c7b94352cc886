//! Which request goes where.

use http::Method;

/// Where a request goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    Json { endpoint: usize, operation: usize },
    Soap { endpoint: usize },
    Thrift { endpoint: usize },
}

/// Paths by method; those without a method take every method and look for themselves.
#[derive(Default)]
pub(crate) struct Router {
    any: matchit::Router<Target>,
    by_method: Vec<(Method, matchit::Router<Target>)>,
}

/// What a router finds.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Found<'r, 'p> {
    /// A target, with what stands where the path has names.
    Target(Target, Vec<(&'r str, &'p str)>),
    /// The path is there for other methods.
    OtherMethods(Vec<Method>),
    Nothing,
}

/// Paths that the gateway serves itself.
const OWN: [&str; 3] = ["/metrics", "/healthz", "/readyz"];

impl Router {
    /// Adds a path; `{name}` in it stands for a segment.
    pub(crate) fn add(&mut self, method: &Method, path: &str, target: Target) -> Result<(), String> {
        if OWN.contains(&path) {
            return Err("kefu serves it itself".to_owned());
        }
        if self.any.at(path).is_ok() {
            return Err("another bridge has it".to_owned());
        }
        let router = match self.by_method.iter().position(|(known, _)| known == method) {
            Some(index) => &mut self.by_method[index].1,
            None => {
                self.by_method.push((method.clone(), matchit::Router::new()));
                let last = self.by_method.len() - 1;
                &mut self.by_method[last].1
            }
        };
        router.insert(path, target).map_err(|error| error.to_string())
    }

    /// Adds a path for all methods.
    pub(crate) fn add_all(&mut self, path: &str, target: Target) -> Result<(), (String, String)> {
        let is_taken =
            OWN.contains(&path) || self.by_method.iter().any(|(_, router)| router.at(path).is_ok());
        if is_taken {
            return Err((path.to_owned(), "it is served by another bridge or by kefu itself".to_owned()));
        }
        self.any.insert(path, target).map_err(|error| (path.to_owned(), error.to_string()))
    }

    pub(crate) fn find<'r, 'p>(&'r self, method: &Method, path: &'p str) -> Found<'r, 'p> {
        if let Ok(found) = self.any.at(path) {
            return Found::Target(*found.value, Vec::new());
        }
        let mut others = Vec::new();
        for (known, router) in &self.by_method {
            if let Ok(found) = router.at(path) {
                if known == method {
                    return Found::Target(*found.value, found.params.iter().collect());
                }
                others.push(known.clone());
            }
        }
        if others.is_empty() { Found::Nothing } else { Found::OtherMethods(others) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_find_their_way() {
        let mut router = Router::default();
        let get = Target::Json { endpoint: 0, operation: 1 };
        let soap = Target::Soap { endpoint: 1 };
        router.add(&Method::GET, "/shop/orders/{id}", get).unwrap();
        router.add(&Method::PUT, "/shop/orders/{id}", get).unwrap();
        router.add_all("/soap", soap).unwrap();
        assert_eq!(router.find(&Method::GET, "/shop/orders/7"), Found::Target(get, vec![("id", "7")]));
        assert_eq!(router.find(&Method::PATCH, "/soap"), Found::Target(soap, Vec::new()));
        assert_eq!(
            router.find(&Method::POST, "/shop/orders/7"),
            Found::OtherMethods(vec![Method::GET, Method::PUT])
        );
        assert_eq!(router.find(&Method::GET, "/shop/orders/"), Found::Nothing);
        for (method, path) in
            [(Method::GET, "/soap"), (Method::GET, "/metrics"), (Method::GET, "/shop/orders/{other}")]
        {
            assert!(router.add(&method, path, get).is_err(), "{path}");
        }
        assert!(router.add_all("/shop/orders/7", soap).is_err());
    }
}
