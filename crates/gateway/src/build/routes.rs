//! Where bridges are served: paths of HTTP, and ports of Thrift.

use std::net::SocketAddr;

use kefu_app::{Failure, Text};

use super::{Bridge, Build, Port};
use crate::{
    endpoint::{Endpoint, Inbound, ThriftSide},
    outcome::bare,
    router::Target,
    settings::{InboundFile, ListenAddress},
};

impl Build<'_> {
    pub(super) fn lay_routes(
        &self,
        bridge: &mut Bridge,
        index: usize,
        endpoint: &Endpoint,
        inbound: &InboundFile,
    ) -> Result<(), Failure> {
        let (place, router) = (bridge.endpoints.len(), &mut bridge.router);
        let laid = match &endpoint.inbound {
            Inbound::Json => {
                let routes = endpoint.operations.iter().enumerate();
                let mut routes =
                    routes.filter_map(|(number, operation)| Some((number, operation.route.as_ref()?)));
                routes.try_for_each(|(number, route)| {
                    let target = Target::Json { endpoint: place, operation: number };
                    router
                        .add(&route.method, &route.path, target)
                        .map_err(|cause| (route.path.clone(), cause))
                })
            }
            Inbound::Soap(side) => router.add_all(&side.path, Target::Soap { endpoint: place }),
            Inbound::Thrift(ThriftSide { path: Some(path), .. }) => {
                router.add_all(path, Target::Thrift { endpoint: place })
            }
            Inbound::Thrift(_) | Inbound::Internal => Ok(()),
        };
        laid.map_err(|(path, cause)| {
            let text = Text::new(
                format!("the path {path} cannot be served: {cause}"),
                format!("无法提供路径 {path}:{cause}"),
            );
            self.reject(index, "inbound.path", text)
        })?;
        match inbound.listen {
            Some(ListenAddress(address)) => self.share_port(bridge, index, endpoint, address),
            None => Ok(()),
        }
    }

    /// Puts a bridge on a port of Thrift, which it may share with services of other names.
    fn share_port(
        &self,
        bridge: &mut Bridge,
        index: usize,
        endpoint: &Endpoint,
        address: SocketAddr,
    ) -> Result<(), Failure> {
        let place = bridge.endpoints.len();
        let is_same = |other: &SocketAddr| *other == address && address.port() != 0;
        if bridge.listen.as_ref().is_some_and(is_same) {
            let text = Text::new("the address is used twice", "该地址被使用了两次");
            return Err(self.reject(index, "inbound.listen", text));
        }
        let Some(port) = bridge.ports.iter_mut().find(|port| is_same(&port.address)) else {
            bridge.ports.push(Port {
                address,
                name: endpoint.name.clone(),
                connections_max: self.file.connections as usize,
                endpoints: vec![place],
            });
            return Ok(());
        };
        let service = |endpoint: &Endpoint| match &endpoint.inbound {
            Inbound::Thrift(side) => Some(bare(&side.service).to_owned()),
            Inbound::Json | Inbound::Internal | Inbound::Soap(_) => None,
        };
        let own = service(endpoint);
        let mut others = port.endpoints.iter().filter_map(|other| bridge.endpoints.get(*other));
        if others.any(|other| service(other) == own) {
            let name = own.unwrap_or_default();
            let text = Text::new(
                format!("another bridge on this port is the service {name}, too"),
                format!("该端口上已有另一个桥接提供服务 {name}"),
            );
            return Err(self.reject(index, "inbound.listen", text));
        }
        port.endpoints.push(place);
        Ok(())
    }
}
