<?php
// PHP's SOAP extension, without a network: one request of JSON a line, one answer a line.
ini_set('soap.wsdl_cache_enabled', '0');
// The server wants to send headers, which nobody gets here.
error_reporting(E_ERROR);

/** A client that keeps what it would send, and is given what came back. */
class Client extends SoapClient
{
    public string $sent = '';
    public string $reply = '';

    public function __doRequest($request, $location, $action, $version, $one_way = false): ?string
    {
        $this->sent = $request;
        return $this->reply;
    }
}

/** The functions of both descriptions. */
class Service
{
    public function Sort($count, $items, $tags)
    {
        if ($count < 0) {
            throw new SoapFault('Client', "no <$count> items");
        }
        $items = array_reverse($items);
        // One object in two places: PHP writes it once and refers to it.
        if ($count === 2) {
            $items[] = $items[0];
        }
        foreach ($tags as $index => $tag) {
            $items[] = (object) ['name' => $tag, 'next' => null];
        }
        return $items;
    }

    public function Create($parameters)
    {
        return ['id' => strlen($parameters->title) + count($parameters->line)];
    }
}

while (($line = fgets(STDIN)) !== false) {
    $ask = json_decode($line);
    $options = ['features' => SOAP_SINGLE_ELEMENT_ARRAYS, 'cache_wsdl' => WSDL_CACHE_NONE];
    try {
        if (isset($ask->serve)) {
            $server = new SoapServer($ask->wsdl, $options);
            $server->setClass('Service');
            ob_start();
            $server->handle($ask->serve);
            $answer = ['body' => ob_get_clean()];
        } else {
            $client = new Client($ask->wsdl, $options);
            $client->reply = $ask->reply ?? '';
            try {
                $answer = ['value' => $client->__soapCall($ask->call, $ask->arguments)];
            } catch (SoapFault $fault) {
                $answer = ['fault' => $fault->faultstring];
            }
            $answer['body'] = $client->sent;
        }
    } catch (Throwable $error) {
        $answer = ['error' => $error->getMessage()];
    }
    echo json_encode($answer, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_PRESERVE_ZERO_FRACTION), "\n";
}
