using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace GrainVault.Silo.Tests.Cluster;

/// <summary>Two ends of a connection in memory.</summary>
internal sealed class PipePair
{
    private readonly Pipe _there = new();
    private readonly Pipe _back = new();

    public PipePair()
    {
        Connector = new DefaultConnectionContext("connector", new End(_back.Reader, _there.Writer), new End(_there.Reader, _back.Writer));
        Listener = new DefaultConnectionContext("listener", new End(_there.Reader, _back.Writer), new End(_back.Reader, _there.Writer));
    }

    /// <summary>The side that opened the connection.</summary>
    public DefaultConnectionContext Connector { get; }

    /// <summary>The side that accepted it.</summary>
    public DefaultConnectionContext Listener { get; }

    private sealed record End(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
