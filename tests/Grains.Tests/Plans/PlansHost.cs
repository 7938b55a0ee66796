using GrainVault.Accounts;
using GrainVault.Data;
using GrainVault.Grains.Tests.Support;
using GrainVault.TestKit.Plans;
using Microsoft.Extensions.DependencyInjection;

namespace GrainVault.Grains.Tests.Plans;

/// <summary>A silo on a catalogue with many rows, of which every statement is explained.</summary>
public sealed class PlansHost : GrainsHost
{
    private bool _isGeneric;

    public PlansHost()
    {
        // What is old is made so by a test, and nothing else is due.
        Settings["GrainVault:Janitor:GarbageDelay"] = "1.00:00:00";
        Settings["GrainVault:Webhooks:Period"] = "1.00:00:00";
        Settings["GrainVault:Audit:Age"] = "300.00:00:00";
    }

    public PlanRecorder Recorder { get; } = new();

    /// <summary>Two users who work with many entries, each by one of the two ways of planning.</summary>
    public TestUser[] Users { get; private set; } = [];

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        Users = [await SignUpAsync(), await SignUpAsync()];
        var folders = new List<string>();
        foreach (var user in Users)
            folders.Add(await user.FolderAsync("many"));
        await PlansData.FillAsync(this, Users, folders);
        Recorder.Clear();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Recorder.Clear();
    }

    /// <summary>Goes on with statements that are planned for any values, or for those that they have.</summary>
    public async Task PlanAsync(bool isGeneric)
    {
        if (_isGeneric != isGeneric)
        {
            _isGeneric = isGeneric;
            await RestartAsync();
        }

        Recorder.Clear();
    }

    internal T Service<T>()
        where T : notnull => Services.GetRequiredService<T>();

    protected override void Configure(IServiceCollection services)
    {
        foreach (var schema in (string[])[IdentityDatabase.Key, CatalogueDatabase.Key])
            services.AddKeyedSingleton(schema, (_, _) => Recorder.Open(ConnectionString(schema), _isGeneric));
    }
}
