using GrainVault.Grains.Tests.Support;

namespace GrainVault.Grains.Tests.Uploads;

/// <summary>Round trips to PostgreSQL and calls of the store per operation: they decide how fast the system can be.</summary>
public sealed class CostTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    [Fact]
    public async Task Part_costs_one_store_call_and_one_statement()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("cost.bin", 3L * GrainsHost.PartSize);
        await user.PutAsync(upload.Id, 1, GrainsHost.Bytes(GrainsHost.PartSize, 1));
        host.Store.ClearCalls();
        using var statements = new StatementCounter();

        await user.Session(upload.Id).PlanPartAsync(2, GrainsHost.PartSize);
        Assert.Null((await user.PutAsync(upload.Id, 2, GrainsHost.Bytes(GrainsHost.PartSize, 2))).Refusal);

        Assert.Equal(["PutPart"], host.Store.Calls);
        Assert.Equal(1, statements.Count);
    }

    [Fact]
    public async Task Whole_object_part_costs_one_store_call_and_one_statement()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("cost-one.bin", 1000);
        host.Store.ClearCalls();
        using var statements = new StatementCounter();

        await user.Session(upload.Id).PlanPartAsync(1, 1000);
        await user.PutAsync(upload.Id, 1, GrainsHost.Bytes(1000));

        Assert.Equal(["Put"], host.Store.Calls);
        Assert.Equal(1, statements.Count);
    }

    [Fact]
    public async Task Small_file_costs_one_store_call_and_two_statements()
    {
        var user = await host.SignUpAsync();
        host.Store.ClearCalls();
        using var statements = new StatementCounter();

        Assert.Null((await user.WriteFileAsync("small.bin", GrainsHost.Bytes(1000))).Refusal);

        Assert.Equal(["Put"], host.Store.Calls);
        Assert.Equal(2, statements.Count);
    }

    [Fact]
    public async Task Completion_costs_two_statements_and_one_store_call()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("cost-complete.bin", GrainsHost.PartSize + 1L);
        await user.PutAllAsync(upload, GrainsHost.Bytes(GrainsHost.PartSize + 1));
        host.Store.ClearCalls();
        using var statements = new StatementCounter();

        Assert.Null((await user.CompleteAsync(upload.Id)).Refusal);

        Assert.Equal(["Complete"], host.Store.Calls);
        Assert.Equal(2, statements.Count);
    }

    [Fact]
    public async Task Creation_costs_one_statement()
    {
        var user = await host.SignUpAsync();
        host.Store.ClearCalls();
        using var statements = new StatementCounter();

        await user.CreateAsync("cost-create.bin", 1000);

        Assert.Empty(host.Store.Calls);
        Assert.Equal(1, statements.Count);
    }

    [Fact]
    public async Task Hot_metadata_and_content_descriptor_cost_nothing()
    {
        var user = await host.SignUpAsync();
        var file = (await user.WriteFileAsync("hot.bin", GrainsHost.Bytes(10))).Entry!;
        host.Store.ClearCalls();
        using var statements = new StatementCounter();

        Assert.Equal(file, (await user.File(file.Id).GetAsync()).Entry);
        Assert.Equal(10, (await user.File(file.Id).OpenContentAsync(null)).Content!.SizeBytes);

        Assert.Empty(host.Store.Calls);
        Assert.Equal(0, statements.Count);
    }

    [Fact]
    public async Task Counter_sees_statements_of_a_grain()
    {
        var user = await host.SignUpAsync();
        using var statements = new StatementCounter();

        await user.Grain.GetProfileAsync();

        Assert.Equal(2, statements.Count);
    }
}
