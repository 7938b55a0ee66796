using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace GrainVault.Cluster.Tests.Network;

/// <summary>
/// A network namespace for each silo, all on one bridge with this machine. What one namespace sends to another can be made to
/// vanish without a trace, as in a broken network: no reset, no error, only silence.
/// </summary>
internal sealed class SiloNetwork : IAsyncDisposable
{
    private const string Prefix = "gvt";
    private const int FirstHost = 10;

    /// <summary>A link-layer address that nobody has.</summary>
    private const string Nobody = "02:00:00:00:00:fe";

    private readonly string _name;
    private readonly string _net;
    private readonly int _siloCount;
    private readonly Dictionary<int, TcpForwarder> _forwarders = [];

    private SiloNetwork(int siloCount)
    {
        _siloCount = siloCount;
        // Interface names have 15 characters at most.
        _name = $"{Prefix}{Environment.ProcessId.ToString("x", CultureInfo.InvariantCulture)}";
        _net = string.Create(CultureInfo.InvariantCulture, $"10.{Random.Shared.Next(64, 250)}.{Random.Shared.Next(256)}");
    }

    /// <summary>Makes the network. Null where this machine does not let us, with the reason in <paramref name="refusal"/>.</summary>
    public static SiloNetwork? TryCreate(int siloCount, out string refusal)
    {
        var network = new SiloNetwork(siloCount);
        try
        {
            SweepAbandoned();
            network.Create();
            refusal = "";
            return network;
        }
        catch (Exception exception) when (exception is InvalidOperationException or System.ComponentModel.Win32Exception or IOException)
        {
            network.Remove();
            refusal = exception.Message;
            return null;
        }
    }

    public IPAddress AddressOf(int silo) => IPAddress.Parse($"{_net}.{FirstHost + silo}");

    /// <summary>Command that runs what follows in the silo's namespace.</summary>
    public IReadOnlyList<string> LauncherOf(int silo) => ["ip", "netns", "exec", NamespaceOf(silo)];

    /// <summary>Where the namespaces find a server of this machine's loopback address.</summary>
    public IPEndPoint Expose(int port)
    {
        if (!_forwarders.TryGetValue(port, out var forwarder))
            _forwarders[port] = forwarder = new TcpForwarder(IPAddress.Parse($"{_net}.1"), port);
        return forwarder.EndPoint;
    }

    /// <summary>Nothing that one silo sends reaches the other any more; the other direction stays.</summary>
    public void CutOneWay(int from, int to) => Ip($"-n {NamespaceOf(from)} neigh replace {AddressOf(to)} lladdr {Nobody} dev eth0 nud permanent");

    /// <summary>Neither hears the other.</summary>
    public void Cut(int one, int other)
    {
        CutOneWay(one, other);
        CutOneWay(other, one);
    }

    /// <summary>Everybody hears everybody again.</summary>
    public void Heal()
    {
        for (var silo = 1; silo <= _siloCount; silo++)
            Ip($"-n {NamespaceOf(silo)} neigh flush dev eth0 nud permanent");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var forwarder in _forwarders.Values)
            await forwarder.DisposeAsync();
        Remove();
    }

    private void Create()
    {
        Ip($"link add {_name} type bridge");
        Ip($"addr add {_net}.1/24 dev {_name}");
        Ip($"link set {_name} up");
        for (var silo = 1; silo <= _siloCount; silo++)
        {
            var space = NamespaceOf(silo);
            Ip($"netns add {space}");
            Ip($"link add {space} type veth peer name eth0 netns {space}");
            Ip($"link set {space} master {_name} up");
            Ip($"-n {space} addr add {AddressOf(silo)}/24 dev eth0");
            Ip($"-n {space} link set eth0 up");
            Ip($"-n {space} link set lo up");
        }
    }

    private void Remove()
    {
        for (var silo = 1; silo <= _siloCount; silo++)
            TryIp($"netns del {NamespaceOf(silo)}");
        TryIp($"link del {_name}");
    }

    private string NamespaceOf(int silo) => $"{_name}-{silo}";

    /// <summary>What a killed test process left behind; its id is in the name.</summary>
    private static void SweepAbandoned()
    {
        foreach (var line in Run("netns list").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = line.Split(' ')[0];
            if (IsAbandoned(name))
                TryIp($"netns del {name}");
        }

        foreach (var line in Run("-o link show type bridge").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = line.Split(':')[1].Trim();
            if (IsAbandoned(name))
                TryIp($"link del {name}");
        }
    }

    private static bool IsAbandoned(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal)
        && int.TryParse(name[Prefix.Length..].Split('-')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var pid)
        && !Directory.Exists($"/proc/{pid}");

    private static void Ip(string arguments)
    {
        var (code, output) = Run(arguments);
        if (code != 0)
            throw new InvalidOperationException($"ip {arguments}: {output.Trim()}");
    }

    private static void TryIp(string arguments)
    {
        try
        {
            Run(arguments);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // There is no such program, hence nothing to remove.
        }
    }

    private static (int Code, string Output) Run(string arguments)
    {
        using var ip = Process.Start(new ProcessStartInfo("ip", arguments.Split(' ')) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = ip.StandardOutput.ReadToEnd() + ip.StandardError.ReadToEnd();
        ip.WaitForExit();
        return (ip.ExitCode, output);
    }
}
